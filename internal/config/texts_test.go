package config

import "colabtray/internal/words"

// What is said where a setting is wrong, in English.
var (
	wantText    = words.Say("config.wantText")
	portHint    = words.Say("config.portHint")
	nameHint    = words.Say("config.nameHint")
	gpuHint     = words.Say("config.gpuHint")
	sizeHint    = words.Say("config.sizeHint")
	cpusHint    = words.Say("config.cpusHint")
	hostHint    = words.Say("config.hostHint")
	mountHint   = words.Say("config.mountHint")
	envHint     = words.Say("config.envHint")
	envFileHint = words.Say("config.envFileHint")

	topHint           = unknownKey([]string{"other"})
	profileHint       = unknownKey([]string{"profiles", "any", "other"})
	folderHint        = unknownKey([]string{"profiles", "any", "folders", "other"})
	preferencesHint   = unknownKey([]string{"preferences", "other"})
	notificationsHint = unknownKey([]string{"preferences", "notifications", "other"})
)
