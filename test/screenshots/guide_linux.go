package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// pages are the window's pages, of which each has a picture.
var pages = []string{"runtime", "connect", "files", "resources", "settings", "help"}

// captureGuide takes a picture of the upper part of each page of the window, once the
// runtime is ready. The address contains a key.
func captureGuide(ctx context.Context, address string) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox)...)
	defer cancel()
	// chromedp logs an error for each message of a newer browser that it does not know.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	defer cancel()
	for _, action := range []chromedp.Action[chromedp.Void]{
		chromedp.EmulateViewport(900, 600),
		chromedp.Navigate(address),
		chromedp.WaitVisible(`#status[data-state="ready"]`),
	} {
		if err := chromedp.Do(ctx, action); err != nil {
			return fmt.Errorf("the guide: %w", err)
		}
	}
	for _, page := range pages {
		if err := capturePage(ctx, page); err != nil {
			return fmt.Errorf("the guide's page %s: %w", page, err)
		}
	}
	return nil
}

// capturePage shows a page by its link, and takes its picture. The page Resources has
// something to show once it has measured for a while.
func capturePage(ctx context.Context, page string) error {
	for _, action := range []chromedp.Action[chromedp.Void]{
		chromedp.Click(`#pages a[href="#/` + page + `"]`),
		chromedp.WaitVisible(`.page[data-page=` + page + `]`),
	} {
		if err := chromedp.Do(ctx, action); err != nil {
			return err
		}
	}
	if page == "resources" {
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector(".plot .line")?.getAttribute("d")?.split("L").length > 8`)); err != nil {
			return err
		}
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	path := filepath.Join(pictures, "window-"+page+".png")
	fmt.Println(path)
	return os.WriteFile(path, picture, 0o644)
}
