package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A browser is a headless Chromium with one tab, and all that its console said.
type browser struct {
	t    *testing.T
	ctx  context.Context
	mu   sync.Mutex
	said []string
}

// newBrowser starts Chromium with a profile of its own.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no chromium, which CI has")
		}
		t.Skip("there is no chromium")
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
	)
	ctx, stop := chromedp.NewContext(alloc)
	b := &browser{t: t, ctx: ctx}
	console := chromedp.Console(ctx) // starts it
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.said = append(b.said, m.String()+" "+m.URL)
			b.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("end chromium: %v", err)
		}
		stop()
		stopAlloc()
		reading.Wait()
	})
	return b
}

// heard is what the console said since it was asked last.
func (b *browser) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.said
	b.said = nil
	return said
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// value is what an expression in JavaScript gives.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a condition, in JavaScript, across pages.
func (b *browser) until(condition string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](condition, chromedp.WithPollingTimeout(0)))
		if err == nil {
			return
		}
		if ctx.Err() != nil { // else the page has gone for another one
			b.t.Fatalf("it never comes: %s: %v\n%s", condition, err, value[string](b, `document.body.innerText`))
		}
	}
}

// A screen is one on which the page must be at home.
type screen struct {
	name          string
	width, height int64
}

var (
	phoneScreen = screen{"390", 390, 844}
	deskScreen  = screen{"1280", 1280, 900}
)

func (b *browser) use(s screen, scheme string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s == phoneScreen,
		})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// shoot writes what there is to see, on each screen, light and dark, into screenshots.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if err := os.MkdirAll("screenshots", 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, s := range []screen{phoneScreen, deskScreen} {
		for _, scheme := range []string{"light", "dark"} {
			b.use(s, scheme)
			height := value[float64](b, `document.querySelector("dialog[open]") ? innerHeight : document.documentElement.scrollHeight`)
			b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				shot, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
					CaptureBeyondViewport: new(true), OptimizeForSpeed: new(true), Clip: &page.Viewport{Width: float64(s.width), Height: min(height, 4000), Scale: 1},
				})
				if err != nil {
					return err
				}
				return os.WriteFile(filepath.Join("screenshots", name+"-"+s.name+"-"+scheme+".png"), shot.Data, 0o644)
			}))
		}
	}
}

// atHome holds the page to what it promises on each screen.
func (b *browser) atHome(name string) {
	b.t.Helper()
	for _, s := range []screen{phoneScreen, deskScreen} {
		b.use(s, "light")
		if wide := value[int64](b, `document.documentElement.scrollWidth`); wide != s.width {
			b.t.Errorf("%s: on a screen of %d the page is %v wide", name, s.width, wide)
		}
		small := value[string](b, `[...document.querySelectorAll("main a, header a, button, input, summary")]
			.filter(e => e.checkVisibility()).filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80)).join()`)
		if small != "" {
			b.t.Errorf("%s: too small to touch on %s: %s", name, s.name, small)
		}
	}
}
