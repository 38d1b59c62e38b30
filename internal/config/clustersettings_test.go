package config

import "testing"

func TestClusterTexts(t *testing.T) {
	for _, s := range clusterSettings {
		check := func(v any) error { return s.read(&reader{file: &file{}}, at("profiles", "a"), v, &Settings{}) }
		good, bad := map[string][]any{
			"gpu_resource":  {"", "nvidia.com/gpu", "nvidia.com/mig-1g.10gb"},
			"pull_secret":   {"", "registry", "my.registry"},
			"storage_class": {"", "fast-ssd"},
			"node_selector": {[]any{}, []any{"pool=gpu", "nvidia.com/gpu.product=A100", "fast="}},
			"tolerations":   {[]any{}, []any{"a", "nvidia.com/gpu:NoSchedule", "a=b:NoExecute", "a="}},
			"data_size":     {"50g", "100m", int64(0)},
		}[s.key], map[string][]any{
			"gpu_resource":  {"gpu", "nvidia.com/", "nvidia.com/gpu gpu", "-x/y", 3},
			"pull_secret":   {"Registry", "-a", "a/b", "../a"},
			"storage_class": {"Fast", "a b", "a\n"},
			"node_selector": {"pool=gpu", []any{"pool"}, []any{"pool=gpu=x"}, []any{"a b=c"}, []any{""}},
			"tolerations":   {[]any{"a:Never"}, []any{":NoSchedule"}, []any{"a=b=c"}, []any{""}},
			"data_size":     {"1k", "much", "-1g"},
		}[s.key]
		if len(good) == 0 || len(bad) == 0 {
			t.Errorf("%s is not tried", s.key)
		}
		for _, v := range good {
			if err := check(v); err != nil {
				t.Errorf("%s = %#v: %v", s.key, v, err)
			}
		}
		for _, v := range bad {
			if check(v) == nil {
				t.Errorf("%s = %#v is taken", s.key, v)
			}
		}
	}
}

func TestCutTaint(t *testing.T) {
	for taint, want := range map[string][4]string{
		"a": {"a", "", "", ""}, "a:NoSchedule": {"a", "", "", "NoSchedule"}, "a=b:NoExecute": {"a", "b", "=", "NoExecute"}, "x.y/a=": {"x.y/a", "", "=", ""},
	} {
		key, value, hasValue, effect := CutTaint(taint)
		if key != want[0] || value != want[1] || hasValue != (want[2] == "=") || effect != want[3] {
			t.Errorf("%s is %q, %q, %v, %q", taint, key, value, hasValue, effect)
		}
	}
}
