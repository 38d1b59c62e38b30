package config

import "colabtray/internal/i18n"

// The English hints about wrong settings.
var (
	wantText    = i18n.T("config.wantText")
	portHint    = i18n.T("config.portHint")
	nameHint    = i18n.T("config.nameHint")
	gpuHint     = i18n.T("config.gpuHint")
	sizeHint    = i18n.T("config.sizeHint")
	cpusHint    = i18n.T("config.cpusHint")
	hostHint    = i18n.T("config.hostHint")
	mountHint   = i18n.T("config.mountHint")
	envHint     = i18n.T("config.envHint")
	envFileHint = i18n.T("config.envFileHint")

	topHint           = unknownKey([]string{"other"})
	profileHint       = unknownKey([]string{"profiles", "any", "other"})
	folderHint        = unknownKey([]string{"profiles", "any", "folders", "other"})
	preferencesHint   = unknownKey([]string{"preferences", "other"})
	notificationsHint = unknownKey([]string{"preferences", "notifications", "other"})
)
