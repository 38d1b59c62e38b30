package colab

import (
	"context"

	"colabtray/internal/i18n"
)

// checkBrowser tells what the person must allow in the browser. Only the browser knows
// whether the person has allowed it, so the step does not fail.
func (c *checker) checkBrowser(_ context.Context, s *Step) {
	s.Expected = i18n.T("check.browser.expected")
	switch c.Browser {
	case "chrome":
		s.ok(i18n.T("check.browser.default", "browser", "Chrome"))
		s.Advice = i18n.T("check.browser.chrome")
	case "chromium":
		s.ok(i18n.T("check.browser.default", "browser", "Chromium"))
		s.Advice = i18n.T("check.browser.chrome")
	case "edge":
		s.ok(i18n.T("check.browser.default", "browser", "Edge"))
		s.Advice = i18n.T("check.browser.chrome")
	case "firefox":
		s.ok(i18n.T("check.browser.default", "browser", "Firefox"))
		s.Advice = i18n.T("check.browser.firefox")
	case "brave":
		s.warn(i18n.T("check.browser.braveDefault"))
		s.Advice = i18n.T("check.browser.brave")
	case "safari":
		s.warn(i18n.T("check.browser.safariDefault"))
		s.Advice = i18n.T("check.browser.safari")
	case "":
		s.ok(i18n.T("check.browser.unknownDefault"))
		s.Advice = i18n.T("check.browser.unknown")
	default:
		s.ok(i18n.T("check.browser.otherDefault"))
		s.Advice = i18n.T("check.browser.other")
	}
}
