package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/factorydash/factorydash/internal/api"
)

func TestPictures(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	for _, device := range []struct {
		name          string
		width, height int64
	}{{"wide", 1440, 900}, {"phone", 360, 740}} {
		b := newTab(t, server.URL, device.width, device.height)
		for _, theme := range []string{"light", "dark", "contrast"} {
			for name, path := range map[string]string{
				"floor": "/floor", "machine": "/m/vmc-01", "alarm": "/m/vmc-04", "agents": "/agents",
				"agent": "/agents/hall-b", "about": "/about", "missing": "/nowhere",
			} {
				b.open(server.URL + path)
				eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector("#theme"); s.value = %q; s.dispatchEvent(new Event("change")); return true })()`, theme))
				if name != "about" && name != "missing" {
					b.live()
				}
				if name == "machine" || name == "alarm" {
					b.await(`[...document.querySelectorAll(".chart .message")].every(m => m.textContent === "")`)
				}
				if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s on %s: %d px wider than the screen", path, device.name, over)
				}
				b.picture(fmt.Sprintf("%s-%s-%s", name, device.name, theme))
			}
		}
		b.forgive("404")
	}
}

var _ = chromedp.EmulateMobile
var _ api.Machine
