package config

import "testing"

func TestParseCluster(t *testing.T) {
	for address, want := range map[string]Cluster{
		"kubernetes://":                {},
		"kubernetes:///":               {},
		"kubernetes://gpu":             {Context: "gpu"},
		"kubernetes://gpu/":            {Context: "gpu"},
		"kubernetes://gpu/team-1":      {Context: "gpu", Namespace: "team-1"},
		"kubernetes:///team":           {Namespace: "team"},
		"kubernetes://-x/team":         {Context: "-x", Namespace: "team"},
		"kubernetes://me@gpu.lab:6443": {Context: "me@gpu.lab:6443"},
		"kubernetes://arn:aws:eks:eu-west-1:1:cluster%2Fgpu/team": {Context: "arn:aws:eks:eu-west-1:1:cluster/gpu", Namespace: "team"},
		"kubernetes://my%20cluster":                               {Context: "my cluster"},
	} {
		got, is := ParseCluster(address)
		if !is || got != want {
			t.Errorf("%s is %+v, %v", address, got, is)
		}
		if again, is := ParseCluster(got.Address()); !is || again != got {
			t.Errorf("%s comes back as %s: %+v, %v", address, got.Address(), again, is)
		}
		if short, _ := checkEngine(address); short != "" {
			t.Errorf("the setting refuses %s: %s", address, short)
		}
		if !(Profile{Engine: address}).OnOtherMachine() {
			t.Errorf("%s is on this computer", address)
		}
	}
	for _, address := range []string{
		"", "kubernetes:", "kubernetes:/gpu", "Kubernetes://gpu", "k8s://gpu", "ssh://gpu",
		"kubernetes://gpu/Team", "kubernetes://gpu/-team", "kubernetes://gpu/team-", "kubernetes://gpu/a/b", "kubernetes://gpu/te_am",
		"kubernetes://gpu/%74eam", "kubernetes://gpu/..", "kubernetes://my cluster", "kubernetes://gpu\n", "kubernetes://gpu%0A", "kubernetes://gpu%1b%5B1m",
		"kubernetes://gpu?x", "kubernetes://gpu#x", "kubernetes://100%", "kubernetes://gpu%ff",
		"kubernetes://gpu/" + string(make([]byte, 64)),
	} {
		if got, is := ParseCluster(address); is {
			t.Errorf("%q is %+v", address, got)
		}
		if short, _ := checkEngine(address); short == "" && address != "" && address != "ssh://gpu" {
			t.Errorf("the setting accepts %q", address)
		}
	}
}

func FuzzParseCluster(f *testing.F) {
	f.Add("kubernetes://gpu/team")
	f.Add("kubernetes://a%2Fb")
	f.Fuzz(func(t *testing.T, address string) {
		c, is := ParseCluster(address)
		if !is {
			return
		}
		if again, is := ParseCluster(c.Address()); !is || again != c {
			t.Errorf("%q is %+v, and comes back as %+v, %v", address, c, again, is)
		}
	})
}
