package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// captureGuide takes a picture of the upper part of the guide once the guide shows that
// the runtime is ready. The address contains a key.
func captureGuide(ctx context.Context, address string) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox)...)
	defer cancel()
	// chromedp logs an error for each message of a newer browser that it does not know.
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
