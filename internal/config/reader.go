package config

import (
	"maps"
	"slices"

	"colabtray/internal/words"
)

// reader takes values out of a table of the file, up to the first that is
// wrong.
type reader struct {
	*file
	from  Sources
	table spot
	err   error
}

// take reads a value that is stated.
func take[T any](r *reader, key string, v any, read func(*reader, spot, any) (T, error), to *T) {
	if r.err != nil || v == nil {
		return
	}
	value, err := read(r, r.table.in(key), v)
	if err != nil {
		r.err = err
		return
	}
	*to = value
}

// apply lets the profile's table change a profile.
func (f *file) apply(from Sources, p Profile) (Profile, error) {
	t := f.Profiles[p.Name]
	r := &reader{file: f, from: from, table: at("profiles", p.Name)}
	take(r, "name", t.Name, readText(checkName), &p.Runtime)
	if short, hint := checkName(p.Runtime); r.err == nil && short != "" { // made of a long name of a profile
		r.err = f.wrong(r.table.in("name"), short, hint)
	}
	take(r, "image", t.Image, readText(checkImage), &p.Image)
	if t.Image != nil {
		p.Kind = KindOf(p.Image)
	}
	kind := string(p.Kind)
	take(r, "kind", t.Kind, readText(checkKind), &kind)
	p.Kind = Kind(kind)
	take(r, "port", t.Port, readPort, &p.Port)
	take(r, "gpu", t.GPU, readGPU, &p.GPU)
	take(r, "memory", t.Memory, readSize(minMemory), &p.Memory)
	take(r, "cpus", t.CPUs, readCPUs, &p.CPUs)
	take(r, "shm_size", t.ShmSize, readSize(minShmSize), &p.ShmSize)
	take(r, "folders", t.Folders, readFolders, &p.Folders)
	p.Env = r.readEnvironment(t)
	take(r, "packages", t.Packages, readTexts(checkPackage), &p.Packages)
	take(r, "command", t.Command, readTexts(checkArgument), &p.Command)
	token := string(p.Token)
	take(r, "token", t.Token, readText(checkToken), &token)
	p.Token = TokenPolicy(token)
	take(r, "idle_stop", t.IdleStop, readDuration(minIdleStop), &p.IdleStop)
	take(r, "platform", t.Platform, readText(checkPlatform), &p.Platform)
	take(r, "user", t.User, readUser, &p.User)
	if r.err != nil {
		return p, r.err
	}
	if where, short, hint := p.unsuited(); short != "" {
		return p, f.wrong(where(r.table), short, hint)
	}
	return p, nil
}

// unsuited tells which setting of the profile its kind cannot have.
func (p Profile) unsuited() (where func(table spot) spot, short, hint string) {
	for i, folder := range p.Folders {
		if short, hint := checkMount(folder.Path, p.Kind); short != "" {
			return func(table spot) spot { return table.in("folders").item(i).in("path") }, short, hint
		}
	}
	if p.Kind != KindJupyter && len(p.Packages) > 0 {
		return func(table spot) spot { return table.in("packages") },
			words.Say("config.noPackages", "kind", p.Kind), words.Say("config.noPackagesHint")
	}
	if p.Kind != KindJupyter && p.Token == TokenKeep {
		return func(table spot) spot { return table.in("token") },
			words.Say("config.noKeeping", "kind", p.Kind), words.Say("config.noKeepingHint")
	}
	if p.Kind != KindJupyter && p.User != "" {
		return func(table spot) spot { return table.in("user") },
			words.Say("config.noUsers", "kind", p.Kind), words.Say("config.noUsersHint")
	}
	return nil, "", ""
}

// readText reads a text that passes a check.
func readText(check func(string) (short, hint string)) func(*reader, spot, any) (string, error) {
	return func(r *reader, at spot, v any) (string, error) {
		text, is := v.(string)
		if !is {
			return "", r.wrong(at, words.Say("config.wantText"), "")
		}
		if short, hint := check(text); short != "" {
			return "", r.wrong(at, short, hint)
		}
		return text, nil
	}
}

func anyText(string) (short, hint string) { return "", "" }

// readTexts reads a list of texts that each pass a check. One that is empty is
// as good as none.
func readTexts(check func(string) (short, hint string)) func(*reader, spot, any) ([]string, error) {
	return func(r *reader, at spot, v any) ([]string, error) {
		list, is := v.([]any)
		if !is {
			return nil, r.wrong(at, words.Say("config.wantTexts"), words.Say("config.wantTextsHint"))
		}
		var texts []string
		for i, item := range list {
			text, err := readText(check)(r, at.item(i), item)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
		return texts, nil
	}
}

func readBool(r *reader, at spot, v any) (bool, error) {
	is, ok := v.(bool)
	if !ok {
		return false, r.wrong(at, words.Say("config.wantBool"), words.Say("config.wantBoolHint"))
	}
	return is, nil
}

func readPort(r *reader, at spot, v any) (int, error) {
	n, is := v.(int64)
	if !is {
		return 0, r.wrong(at, words.Say("config.wantInteger"), "")
	}
	if short, hint := checkPort(n); short != "" {
		return 0, r.wrong(at, short, hint)
	}
	return int(n), nil
}

// readFolders reads the list of folders.
func readFolders(r *reader, at spot, v any) ([]Folder, error) {
	hint := words.Say("config.foldersHint")
	list, is := v.([]any)
	if !is {
		return nil, r.wrong(at, words.Say("config.wantFolders"), hint)
	}
	var folders []Folder
	taken := map[string]bool{}
	for i, item := range list {
		content, is := item.(map[string]any)
		if !is {
			return nil, r.wrong(at.item(i), words.Say("config.wantFolder"), hint)
		}
		inside := &reader{file: r.file, from: r.from, table: at.item(i)}
		var f Folder
		for _, required := range []string{"host", "path"} {
			if content[required] == nil {
				return nil, r.wrong(at.item(i), words.Say("config.folderNeeds", "key", required), hint)
			}
		}
		take(inside, "host", content["host"], readHostPath, &f.Host)
		take(inside, "path", content["path"], readContainerPath, &f.Path)
		take(inside, "read_only", content["read_only"], readBool, &f.ReadOnly)
		if inside.err != nil {
			return nil, inside.err
		}
		if taken[f.Path] {
			return nil, r.wrong(at.item(i).in("path"), words.Say("config.twoFolders", "path", f.Path), words.Say("config.twoFoldersHint"))
		}
		taken[f.Path] = true
		folders = append(folders, f)
	}
	return folders, nil
}

// readEnvironment reads env_file and env, which comes first.
func (r *reader) readEnvironment(t *table) []Variable {
	all := map[string]string{}
	var stated map[string]string
	take(r, "env_file", t.EnvFile, readEnvFile, &all)
	take(r, "env", t.Env, readEnv, &stated)
	maps.Copy(all, stated)
	var variables []Variable
	for _, name := range slices.Sorted(maps.Keys(all)) {
		variables = append(variables, Variable{Name: name, Value: NewSecret(all[name])})
	}
	return variables
}
