package colab

import (
	"context"

	"colabtray/internal/words"
)

// checkBrowser says what the person has to allow: whether they have is known to
// the browser alone.
func (c *checker) checkBrowser(_ context.Context, s *Step) {
	s.Expected = words.Say("check.browser.expected")
	switch c.Browser {
	case "chrome":
		s.ok(words.Say("check.browser.default", "browser", "Chrome"))
		s.Advice = words.Say("check.browser.chrome")
	case "chromium":
		s.ok(words.Say("check.browser.default", "browser", "Chromium"))
		s.Advice = words.Say("check.browser.chrome")
	case "edge":
		s.ok(words.Say("check.browser.default", "browser", "Edge"))
		s.Advice = words.Say("check.browser.chrome")
	case "firefox":
		s.ok(words.Say("check.browser.default", "browser", "Firefox"))
		s.Advice = words.Say("check.browser.firefox")
	case "brave":
		s.warn(words.Say("check.browser.braveDefault"))
		s.Advice = words.Say("check.browser.brave")
	case "safari":
		s.warn(words.Say("check.browser.safariDefault"))
		s.Advice = words.Say("check.browser.safari")
	case "":
		s.ok(words.Say("check.browser.unknownDefault"))
		s.Advice = words.Say("check.browser.unknown")
	default:
		s.ok(words.Say("check.browser.otherDefault"))
		s.Advice = words.Say("check.browser.other")
	}
}
