package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// captureGuide takes a picture of the guide's upper part, at the address with
// a key in it, as soon as the runtime is shown to be ready.
func captureGuide(ctx context.Context, address string) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox)...)
	defer cancel()
	// chromedp does not know every word of a newer browser, and says so.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	defer cancel()
	for _, action := range []chromedp.Action[chromedp.Void]{
		chromedp.EmulateViewport(900, 448),
		chromedp.Navigate(address),
		chromedp.WaitVisible(`#status[data-state="ready"]`),
	} {
		if err := chromedp.Do(ctx, action); err != nil {
			return fmt.Errorf("the guide: %w", err)
		}
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("the guide: %w", err)
	}
	path := filepath.Join(pictures, "guide.png")
	fmt.Println(path)
	return os.WriteFile(path, picture, 0o644)
}
