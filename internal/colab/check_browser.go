package colab

import "context"

// checkBrowser says what the person has to allow: whether they have is known to
// the browser alone.
func (c *checker) checkBrowser(_ context.Context, s *Step) {
	s.Expected = "a browser that lets Colab's page reach this machine"
	const ask = "The first time, it asks whether Colab may reach apps on this device: choose Allow. " +
		"If you chose otherwise, the icon left of the address has it, under the site's permissions."
	switch c.Browser {
	case "chrome":
		s.ok("Chrome is the default")
		s.Advice = ask
	case "chromium":
		s.ok("Chromium is the default")
		s.Advice = ask
	case "edge":
		s.ok("Edge is the default")
		s.Advice = ask
	case "firefox":
		s.ok("Firefox is the default")
		s.Advice = "If it asks whether Colab may reach this device or the local network, choose Allow."
	case "brave":
		s.warn("Brave is the default, and its shields block pages from reaching this machine")
		s.Advice = "Open Colab, click the lion in the address bar and switch the shields off for this site; then choose Allow when it asks."
	case "safari":
		s.warn("Safari is the default, and it lets no https page reach this machine")
		s.Advice = "Safari cannot be allowed to. Open Colab in Chrome, Edge or Firefox."
	case "":
		s.ok("which one is the default is not known")
		s.Advice = "Chrome, Edge and Firefox work once you choose Allow when they ask whether Colab may reach this device. " +
			"Brave needs its shields off for Colab. Safari cannot connect to a local runtime."
	default:
		s.ok("the default is none of those we know")
		s.Advice = "If Colab cannot connect in it, try Chrome, Edge or Firefox, and choose Allow when they ask."
	}
}
