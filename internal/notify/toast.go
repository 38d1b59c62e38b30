package notify

import "encoding/xml"

// toast is the content of a notification in the words of Windows' toast schema.
type toast struct {
	XMLName  xml.Name      `xml:"toast"`
	Duration string        `xml:"duration,attr,omitempty"`
	Launch   string        `xml:"launch,attr"`
	Binding  toastBinding  `xml:"visual>binding"`
	Audio    toastAudio    `xml:"audio"`
	Actions  []toastAction `xml:"actions>action"`
}

type toastBinding struct {
	Template string   `xml:"template,attr"`
	Text     []string `xml:"text"`
}

type toastAudio struct {
	Silent bool `xml:"silent,attr"`
}

// toastAction is a button. Arguments is what Windows hands back when it is clicked.
type toastAction struct {
	Type      string `xml:"activationType,attr"`
	Content   string `xml:"content,attr"`
	Arguments string `xml:"arguments,attr"`
}

// click is what a button of a toast asks for.
type click struct {
	profile string
	action  Action
}

// arguments returns the click as a text.
func (c click) arguments() string { return c.action.String() + " " + c.profile }

// toastXML returns an announcement as Windows wants it, with these buttons.
func toastXML(a Announcement, buttons []click) (string, error) {
	t := toast{
		Binding: toastBinding{Template: "ToastGeneric", Text: []string{a.Title}},
		Audio:   toastAudio{Silent: a.Urgency != Critical},
	}
	if a.Body != "" {
		t.Binding.Text = append(t.Binding.Text, a.Body)
	}
	if a.Urgency == Critical {
		t.Duration = "long"
	}
	for _, b := range buttons {
		t.Actions = append(t.Actions, toastAction{"foreground", b.action.Label(), b.arguments()})
	}
	out, err := xml.Marshal(t)
	return string(out), err
}
