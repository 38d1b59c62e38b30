package config

import "colabtray/internal/i18n"

// reader reads values from the file.
type reader struct {
	*file
	from Sources
	// elsewhere tells that folders are of another machine.
	elsewhere bool
}

// readSettings reads the settings of the table at a location into to. It stops at
// the first invalid value. The function stated returns the value of a key, nil if
// the file has none.
func readSettings[T any](r *reader, settings []setting[T], table location, stated func(key string) any, to *T) error {
	for _, s := range settings {
		if v := stated(s.key); v != nil {
			if err := s.read(r, table.in(s.key), v, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply applies the profile's table in the file to a profile.
func (f *file) apply(from Sources, p Profile) (Profile, error) {
	where := profileTable.at(p.Name)
	table := f.node(&where)
	if short, hint := checkName(p.Runtime); short != "" && table.stated("name") == nil { // the runtime's name is derived from a long profile name
		return p, f.wrong(where.in("name"), short, hint)
	}
	s := Settings{Profile: p}
	if err := readSettings(&reader{file: f, from: from}, profileTable.settings, where, table.stated, &s); err != nil {
		return p, err
	}
	p = f.withKind(s.Profile)
	if wrong, short, hint := p.kindConflict(); short != "" {
		return p, f.wrong(wrong(where), short, hint)
	}
	return p, nil
}

// withKind returns the profile with the kind of its image, unless the file sets a
// kind, and with the paths of its folders.
func (f *file) withKind(p Profile) Profile {
	where := profileTable.at(p.Name)
	before := p.Kind
	if f.node(&where).stated("kind") == nil {
		p.Kind = KindOf(p.Image)
	}
	p.Folders = withPaths(p.Folders, before, p.Kind)
	return p
}

// kindConflict returns the setting of the profile that its kind does not support, and
// why; short is empty if there is none.
func (p Profile) kindConflict() (where func(table location) location, short, hint string) {
	taken := map[string]bool{}
	for i, folder := range p.Folders {
		short, hint := checkMount(folder.Path, p.Kind)
		if taken[folder.Path] {
			short, hint = i18n.T("config.twoFolders", "path", folder.Path), i18n.T("config.twoFoldersHint")
		}
		if short != "" {
			return func(table location) location { return table.in("folders").item(i).in("path") }, short, hint
		}
		taken[folder.Path] = true
	}
	if i, short, hint := p.portConflict(); short != "" {
		return func(table location) location { return table.in("ports").item(i) }, short, hint
	}
	if p.Kind != KindJupyter && len(p.Packages) > 0 {
		return func(table location) location { return table.in("packages") },
			i18n.T("config.noPackages", "kind", p.Kind), i18n.T("config.noPackagesHint")
	}
	if p.Kind != KindJupyter && p.Token == TokenKeep {
		return func(table location) location { return table.in("token") },
			i18n.T("config.noKeeping", "kind", p.Kind), i18n.T("config.noKeepingHint")
	}
	if p.Wake && p.Token != TokenKeep {
		return func(table location) location { return table.in("wake") },
			i18n.T("config.noWaking"), i18n.T("config.noWakingHint")
	}
	if p.Kind != KindJupyter && p.User != "" {
		return func(table location) location { return table.in("user") },
			i18n.T("config.noUsers", "kind", p.Kind), i18n.T("config.noUsersHint")
	}
	return nil, "", ""
}

// readText returns a function that reads a string and checks it.
func readText(check func(string) (short, hint string)) func(*reader, location, any) (string, error) {
	return func(r *reader, at location, v any) (string, error) {
		text, is := v.(string)
		if !is {
			return "", r.wrong(at, i18n.T("config.wantText"), "")
		}
		if short, hint := check(text); short != "" {
			return "", r.wrong(at, short, hint)
		}
		return text, nil
	}
}

func anyText(string) (short, hint string) { return "", "" }

// readAs returns a function that reads a string of type T and checks it.
func readAs[T ~string](check func(string) (short, hint string)) func(*reader, location, any) (T, error) {
	return func(r *reader, at location, v any) (T, error) {
		text, err := readText(check)(r, at, v)
		return T(text), err
	}
}

// readTexts returns a function that reads a list of strings and checks each. It
// reads an empty list as nil.
func readTexts(check func(string) (short, hint string)) func(*reader, location, any) ([]string, error) {
	return func(r *reader, at location, v any) ([]string, error) {
		list, is := v.([]any)
		if !is {
			return nil, r.wrong(at, i18n.T("config.wantTexts"), i18n.T("config.wantTextsHint"))
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

func readBool(r *reader, at location, v any) (bool, error) {
	value, is := v.(bool)
	if !is {
		return false, r.wrong(at, i18n.T("config.wantBool"), i18n.T("config.wantBoolHint"))
	}
	return value, nil
}

func readPort(r *reader, at location, v any) (int, error) {
	n, is := v.(int64)
	if !is {
		return 0, r.wrong(at, i18n.T("config.wantInteger"), "")
	}
	if short, hint := checkPort(n); short != "" {
		return 0, r.wrong(at, short, hint)
	}
	return int(n), nil
}

// readFolders reads the list of folders.
func readFolders(r *reader, at location, v any) ([]Folder, error) {
	hint := i18n.T("config.foldersHint")
	list, is := v.([]any)
	if !is {
		return nil, r.wrong(at, i18n.T("config.wantFolders"), hint)
	}
	var folders []Folder
	for i, item := range list {
		content, is := item.(map[string]any)
		if !is {
			return nil, r.wrong(at.item(i), i18n.T("config.wantFolder"), hint)
		}
		var f Folder
		if content["host"] == nil {
			return nil, r.wrong(at.item(i), i18n.T("config.folderNeeds", "key", "host"), hint)
		}
		stated := func(key string) any { return content[key] }
		if err := readSettings(r, folderSettings, at.item(i), stated, &f); err != nil {
			return nil, err
		}
		if short, hint := checkFolderName(f); short != "" {
			return nil, r.wrong(at.item(i).in("host"), short, hint)
		}
		folders = append(folders, f)
	}
	return folders, nil
}
