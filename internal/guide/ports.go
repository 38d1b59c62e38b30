package guide

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"colabtray/internal/config"
)

// portsTime is how long the container may take to tell what listens in it.
const portsTime = 15 * time.Second

// port is a port at which a program in the runtime listens.
type port struct {
	Port      int  `json:"port"`
	Published int  `json:"published"` // on 127.0.0.1; 0 for none
	Inside    bool `json:"inside"`    // the program listens for the container alone
	// Setting is what publishes the port, too, as in the settings file; empty where it
	// is published.
	Setting string `json:"setting"`
}

// ports sends what listens in the runtime.
func (s *session) ports(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), portsTime)
	defer cancel()
	listeners, err := s.guide.Runtime.Listening(ctx)
	if err != nil {
		s.guide.Log.Warn("guide: what listens in the runtime is not known", "error", err)
		http.Error(w, "not known", http.StatusBadGateway)
		return
	}
	profile := s.guide.Runtime.Profile()
	all := []port{}
	for _, l := range listeners {
		p := port{Port: l.Port, Published: l.Published, Inside: l.Inside}
		if p.Published == 0 {
			p.Setting = "ports = " + config.EncodePorts(withPort(profile, l.Port))
		}
		all = append(all, p)
	}
	s.sendJSON(w, http.StatusOK, all)
}

// publishPort has a port of the runtime published, by the settings. It sends what is
// wrong with that, or nothing; the port is published once the runtime was restarted.
func (s *session) publishPort(w http.ResponseWriter, r *http.Request) {
	const place = config.Place("profile.ports")
	number, err := strconv.ParseUint(r.URL.Query().Get("port"), 10, 16)
	if err != nil || number == 0 {
		http.Error(w, "no port", http.StatusBadRequest)
		return
	}
	settings, profile := s.guide.Settings, s.guide.Runtime.Profile()
	err = config.Editor{File: settings.File()}.Put(profile.Name, place, config.EncodePorts(withPort(profile, int(number))))
	if err == nil {
		settings.Apply()
	}
	s.sendJSON(w, http.StatusOK, map[string]string{"wrong": settingWrong(place, err)})
}

// withPort returns the published ports of a profile with one more, at the same number on
// this computer unless that is taken by the profile.
func withPort(p config.Profile, inner int) []config.PublishedPort {
	ports := slices.DeleteFunc(slices.Clone(p.Ports), func(known config.PublishedPort) bool { return known.Container == inner })
	taken := func(host int) bool {
		return host == p.Port || slices.ContainsFunc(ports, func(known config.PublishedPort) bool { return known.Host == host })
	}
	host := inner
	for taken(host) {
		host = host%65535 + 1
	}
	return append(ports, config.PublishedPort{Host: host, Container: inner})
}
