package runtime

import (
	"reflect"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// TestSettingsHashStays holds what containers of earlier versions carry: another
// hash would make each of them anew.
func TestSettingsHashStays(t *testing.T) {
	for kind, want := range map[config.Kind]string{
		config.KindJupyter: "6d059bd3a593ec6b1eed88e4bb710ccdc2201c5b0967864938fbc8d6d55ff37a",
		config.KindColab:   "ade90be3e9120521fa2017e7b52e1ef8334d9553dc30b0f25b35fec6ff2df9ff",
	} {
		p := config.Default()
		p.Kind = kind
		spec := specOf(p, shipped(), engine.Info{})
		spec.Mounts, spec.WorkDir = []string{"/home/ana", "/workspace"}, "/home/ana"
		if got := spec.Hash(); got != want || spec.Labels[engine.LabelSettings] != want {
			t.Errorf("%s: the hash is %s", kind, got)
		}
	}
}

// TestHashLasts: what a release adds to the settings leaves alone the runtimes
// of before. Their containers carry these hashes, and one that is not the same
// would be made anew.
func TestHashLasts(t *testing.T) {
	full := config.Default()
	full.Memory = 1 << 30
	full.Folders = []config.Folder{{Host: "/srv/a", Path: "/a"}}
	full.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	for want, p := range map[string]config.Profile{
		"6d059bd3a593ec6b1eed88e4bb710ccdc2201c5b0967864938fbc8d6d55ff37a": config.Default(),
		"05e3a93ec47bd99706e5a6162f460e4a74d4df39b644e82acf7e729333ca2b97": full,
		"16a1202c2192818360b4c93fffdaab0408735cbaa7ce0a64d3807dfc0d090189": config.BuiltIn()["colab-gpu"],
	} {
		if got := specOf(p, shipped(), engine.Info{}).Hash(); got != want {
			t.Errorf("%s: the hash is %s, not %s", p.Name, got, want)
		}
	}
}

// TestUser: a user is a setting as any other, and root hands the home directory
// over in the way of docker-stacks, as far as the profile does not say otherwise.
func TestUser(t *testing.T) {
	variables := func(s engine.Spec) map[string]string {
		env := map[string]string{}
		for _, v := range s.Env {
			env[v.Name] = v.Value.Reveal()
		}
		return env
	}
	p := config.Default()
	plain := specOf(p, shipped(), engine.Info{})
	p.User = "1001:100"
	if s := specOf(p, shipped(), engine.Info{}); s.User != "1001:100" || len(s.Env) > 0 || s.Hash() == plain.Hash() {
		t.Errorf("got %+v", s)
	}
	p.User = config.UserRoot
	if s := specOf(p, shipped(), engine.Info{}); s.User != "0:0" || !reflect.DeepEqual(variables(s), map[string]string{"CHOWN_HOME": "yes", "CHOWN_HOME_OPTS": "-R"}) {
		t.Errorf("got %+v", s)
	}
	p.Env = []config.Variable{{Name: "CHOWN_HOME", Value: secret.New("no")}, {Name: "NB_UID", Value: secret.New("1001")}}
	want := map[string]string{"CHOWN_HOME": "no", "CHOWN_HOME_OPTS": "-R", "NB_UID": "1001"}
	if s := specOf(p, shipped(), engine.Info{}); len(s.Env) != len(want) || !reflect.DeepEqual(variables(s), want) {
		t.Errorf("got %+v", variables(s))
	}
	p.Folders = []config.Folder{{Host: "/srv/a", Path: "/home/jovyan/a"}}
	delete(want, "CHOWN_HOME_OPTS")
	if s := specOf(p, shipped(), engine.Info{}); !reflect.DeepEqual(variables(s), want) {
		t.Errorf("folders of the host would be given away: %+v", variables(s))
	}
	if len(p.Env) != 2 {
		t.Errorf("the profile has become %+v", p)
	}
}
