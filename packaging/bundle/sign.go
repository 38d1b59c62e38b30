package main

import (
	"bytes"
	"crypto/sha256"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	gomacho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/pkg/codesign"
	"github.com/blacktop/go-macho/pkg/codesign/types"
)

// universal signs the programs of several architectures ad hoc, and returns one program
// of them all. The signature covers Info.plist and the seal of the resources.
func universal(programs []string, info, seal []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bundle-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var parts []string
	for i, path := range programs {
		program, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		signed, err := sign(program, info, seal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		part := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(part, signed, 0o600); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	out := filepath.Join(dir, "universal")
	fat, err := gomacho.CreateFat(out, parts...)
	if err != nil {
		return nil, err
	}
	if err := fat.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// Load commands, whose offsets are from the beginning of the command; see mach-o/loader.h.
const (
	codeSignature       = 0x1d // LC_CODE_SIGNATURE
	codeSignatureLength = 16
	headerLength        = 32
	segmentMemorySize   = 32 // of LC_SEGMENT_64
	segmentFileSize     = 48

	largestPage = 16 << 10 // of any Mac
)

// sign returns a program of one architecture with an ad-hoc signature in the place of the
// linker's, if there is one. (The library would write the whole program anew, without
// what is between its segments.)
func sign(program, info, seal []byte) ([]byte, error) {
	file, err := macho.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	text, linkedit := file.Segment("__TEXT"), file.Segment("__LINKEDIT")
	if file.Magic != macho.Magic64 || file.ByteOrder != binary.LittleEndian || text == nil || linkedit == nil {
		return nil, errors.New("it is no program of a Mac")
	}
	program = bytes.Clone(program)
	command, linkeditCommand := 0, 0 // where they are in the program
	next := headerLength
	for _, load := range file.Loads {
		raw := load.Raw()
		switch {
		case file.ByteOrder.Uint32(raw) == codeSignature:
			command = next
		case load == macho.Load(linkedit):
			linkeditCommand = next
		}
		next += len(raw)
	}
	put, put64 := file.ByteOrder.PutUint32, file.ByteOrder.PutUint64
	if command != 0 {
		program = program[:file.ByteOrder.Uint32(program[command+8:])]
	} else {
		command = next
		if len(file.Sections) == 0 || command+codeSignatureLength > int(file.Sections[0].Offset) {
			return nil, errors.New("there is no room for a signature in its header")
		}
		put(program[16:], file.Ncmd+1)
		put(program[20:], file.Cmdsz+codeSignatureLength)
		put(program[command:], codeSignature)
		put(program[command+4:], codeSignatureLength)
		program = append(program, make([]byte, upTo(16, len(program))-len(program))...)
	}

	sum := sha256.Sum256(seal)
	config := &codesign.Config{
		ID:         identifier,
		Flags:      types.ADHOC,
		IsMain:     true,
		CodeSize:   uint64(len(program)),
		TextOffset: text.Offset,
		TextSize:   text.Filesz,
		InfoPlist:  info,
	}
	config.InitSlotHashes()
	config.SlotHashes.ResourceDir = sum[:]
	size := upTo(16, int(codesign.EstimateCodeSignatureSize(config)))
	put(program[command+8:], uint32(len(program)))
	put(program[command+12:], uint32(size))
	inFile := len(program) + size - int(linkedit.Offset)
	put64(program[linkeditCommand+segmentFileSize:], uint64(inFile))
	put64(program[linkeditCommand+segmentMemorySize:], uint64(upTo(largestPage, inFile)))

	signature, err := codesign.Sign(bytes.NewReader(program), config)
	if err != nil {
		return nil, err
	}
	if len(signature) > size {
		return nil, fmt.Errorf("the signature has %d bytes, and %d are its place", len(signature), size)
	}
	signature = append(signature, make([]byte, size-len(signature))...)
	return append(program, signature...), nil
}

// upTo returns the next multiple of unit.
func upTo(unit, n int) int { return (n + unit - 1) / unit * unit }
