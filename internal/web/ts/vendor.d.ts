// The part of Chart.js that the pages use.

declare module "chart.js" {
  export interface ChartPoint {
    x: number;
    y: number | null;
  }
  export interface Scale {
    min: number;
    max: number;
    ticks: { value: number }[];
    getPixelForValue(value: number): number;
    getValueForPixel(pixel: number): number;
  }
  export interface Dataset {
    data: ChartPoint[];
    [option: string]: unknown;
  }
  export class Chart {
    static register(...parts: unknown[]): void;
    constructor(canvas: HTMLCanvasElement, config: unknown);
    readonly width: number;
    readonly ctx: CanvasRenderingContext2D;
    readonly chartArea: { left: number; right: number; top: number; bottom: number };
    readonly scales: Record<"x" | "y", Scale>;
    readonly data: { datasets: Dataset[] };
    options: any;
    update(mode?: "none"): void;
    render(): void;
    destroy(): void;
  }
  export const LineController: unknown;
  export const LineElement: unknown;
  export const PointElement: unknown;
  export const LinearScale: unknown;
  export const Tooltip: unknown;
}

declare module "chartjs-plugin-zoom" {
  const plugin: unknown;
  export default plugin;
}

declare module "chartjs-plugin-annotation" {
  const plugin: unknown;
  export default plugin;
}
