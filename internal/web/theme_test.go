package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestThemesHaveContrast checks the colours of each theme after WCAG 2.2: text
// at least 4.5:1 on what it stands on, marks at least 3:1.
func TestThemesHaveContrast(t *testing.T) {
	css, err := os.ReadFile("css/theme.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(css), "}")
	if len(blocks) < 4 {
		t.Fatal("theme.css has fewer blocks than themes")
	}
	theme := make(map[string]string)
	declaration := regexp.MustCompile(`--([a-z0-9-]+):\s*(#[0-9A-F]{6})`)
	for i, name := range []string{"light", "dark", "high contrast"} {
		// The themes stand in this order; high contrast adds to dark.
		for _, m := range declaration.FindAllStringSubmatch(blocks[i], -1) {
			theme[m[1]] = m[2]
		}
		for token, colour := range theme {
			least, surfaces := 0.0, []string{"page", "card"}
			switch {
			case strings.HasPrefix(token, "text-"), token == "body", token == "muted", token == "link":
				least = 4.5
				if tint, ok := strings.CutPrefix(token, "text-"); ok && theme["tint-"+tint] != "" {
					surfaces = append(surfaces, "tint-"+tint)
				}
				if token == "body" {
					surfaces = append(surfaces, "tint-alarm", "tint-stopped", "hover")
				}
			case strings.HasPrefix(token, "on-"):
				least, surfaces = 4.5, []string{"fill-" + strings.TrimPrefix(token, "on-")}
			case strings.HasPrefix(token, "fill-"), token == "focus", token == "control":
				least = 3
			case strings.HasPrefix(token, "series-"):
				least, surfaces = 3, []string{"card"} // Charts stand on cards.
			}
			for _, surface := range surfaces {
				if got := contrast(t, colour, theme[surface]); got < least {
					t.Errorf("%s: %s on %s has %.2f:1, less than %.1f:1", name, token, surface, got, least)
				}
			}
		}
	}
}

// contrast is the contrast of two colours after WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
