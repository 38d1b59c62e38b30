package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/draw"

	"colabtray/assets"
)

// panelHeight is the height of the panel at the top of the screen, in pixels.
const panelHeight = 32

// Screenshot takes a picture of the screen.
func (s *Session) Screenshot(ctx context.Context) (image.Image, error) {
	return s.takePicture(ctx)
}

// panelPicture takes a picture of the panel alone, in a sixth of the time of a
// screenshot.
func (s *Session) panelPicture(ctx context.Context) (image.Image, error) {
	return s.takePicture(ctx, "-crop", fmt.Sprintf("x%d+0+0", panelHeight))
}

// takePicture does not let the picture be compressed, which takes longest with the race
// detector.
func (s *Session) takePicture(ctx context.Context, options ...string) (image.Image, error) {
	out, err := s.capture(ctx, "ppm", options...)
	if err != nil {
		return nil, err
	}
	return decodePPM(out)
}

// capture returns a picture of the screen in a format.
func (s *Session) capture(ctx context.Context, format string, options ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "import", slices.Concat([]string{"-silent", "-window", "root", "-depth", "8"}, options, []string{format + ":-"})...)
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return out, nil
}

// decodePPM decodes a picture of three bytes a pixel.
func decodePPM(ppm []byte) (image.Image, error) {
	var width, height int
	pixels := bytes.NewReader(ppm)
	if _, err := fmt.Fscanf(pixels, "P6\n%d %d\n255\n", &width, &height); err != nil {
		return nil, fmt.Errorf("the picture begins with %.20q: %w", ppm, err)
	}
	rgb := ppm[len(ppm)-pixels.Len():]
	if len(rgb) != 3*width*height {
		return nil, fmt.Errorf("the picture has %d bytes, and is %d by %d pixels", len(rgb), width, height)
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(picture.Pix[4*i:], rgb[3*i:3*i+3])
		picture.Pix[4*i+3] = 255
	}
	return picture, nil
}

// Keep saves a screenshot among the artefacts of the tests, and returns its path.
func (s *Session) Keep(name string) (string, error) {
	picture, err := s.capture(context.Background(), "png")
	if err != nil {
		return "", err
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	name = strings.NewReplacer("/", "-", " ", "-").Replace(name)
	path := filepath.Join(root, "artefacts", name+".png")
	return path, write(path, picture)
}

// Save writes a picture as PNG.
func Save(path string, picture image.Image) error {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		return err
	}
	return write(path, b.Bytes())
}

func write(path string, picture []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, picture, 0o644)
}

// moduleRoot returns the directory of go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("there is no go.mod above this directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// Icon waits until the panel shows the icon of a state, and returns its place. It finds
// the icon by its pixels, in any size.
func (s *Session) Icon(ctx context.Context, state assets.State) (image.Rectangle, error) {
	var where image.Rectangle
	err := waitFor(ctx, "the icon in the panel", func() error {
		picture, err := s.panelPicture(ctx)
		if err != nil {
			return err
		}
		var found assets.State
		var ok bool
		where, found, ok = FindIcon(picture)
		switch {
		case !ok:
			return errors.New("no icon of ours is there")
		case found != state:
			return fmt.Errorf("it is the icon %d and not %d", found, state)
		}
		return nil
	})
	return where, err
}

// NoIcon waits until the panel shows none of our icons.
func (s *Session) NoIcon(ctx context.Context) error {
	return waitFor(ctx, "the icon to be gone", func() error {
		picture, err := s.panelPicture(ctx)
		if err != nil {
			return err
		}
		if where, _, found := FindIcon(picture); found {
			return fmt.Errorf("it is still at %v", where)
		}
		return nil
	})
}

// FindIcon finds the place in the picture of a panel that looks most like one of our icons.
// The place is relative to the corner of the picture.
func FindIcon(picture image.Image) (where image.Rectangle, state assets.State, found bool) {
	where, closest := findIn(picture, drawnIcons())
	if closest == nil {
		return where, state, false
	}
	return where, closest.state, true
}

// ShowsApp reports whether the picture of a panel has the icon of the application.
func ShowsApp(picture image.Image) bool {
	_, closest := findIn(picture, inEachSize(0, assets.AppIcon()))
	return closest != nil
}

// findIn finds the place in the picture of a panel that looks most like one of the icons,
// and which one; nil where there is none.
func findIn(picture image.Image, icons []drawnIcon) (where image.Rectangle, closest *drawnIcon) {
	strip := image.Rect(0, 0, picture.Bounds().Dx(), panelHeight)
	panel := image.NewRGBA(strip)
	draw.Draw(panel, strip, picture, picture.Bounds().Min, draw.Src)
	dimmest := 3 * 255
	for _, icon := range icons {
		dimmest = min(dimmest, brightness(icon.picture, icon.opaque[0]))
	}
	// The brightest pixel of an icon can only be where the panel is about as bright,
	// which is almost nowhere.
	bright := brightPixels(panel, dimmest-alike)
	// The distance of the right icon is not 0, because scaling rounds differently here
	// and in the panel. Another icon, or none, has three times this distance.
	best := 30.0
	for i, icon := range icons {
		for _, p := range bright {
			here := icon.picture.Rect.Add(p).Sub(icon.opaque[0])
			if !here.In(strip) {
				continue
			}
			if d := distance(panel, here.Min, icon, best); d < best {
				best, where, closest = d, here, &icons[i]
			}
		}
	}
	return where, closest
}

// alike is the most by which a pixel of the panel may differ from an icon's brightest
// one, summed over the channels.
const alike = 3 * 40

// drawnIcon is the icon of a state in one size.
type drawnIcon struct {
	state   assets.State
	picture *image.RGBA
	opaque  []image.Point // its opaque pixels, the brightest one first
}

// drawnIcons returns the icons of all states.
var drawnIcons = sync.OnceValue(func() (icons []drawnIcon) {
	for _, state := range []assets.State{assets.NoEngine, assets.Stopped, assets.Busy, assets.Ready, assets.Paused, assets.Problem} {
		icons = append(icons, inEachSize(state, assets.Icon(state, assets.Colour))...)
	}
	return icons
})

// inEachSize returns an icon in each size that the panel has room for.
func inEachSize(state assets.State, encoded []byte) (icons []drawnIcon) {
	original, err := png.Decode(bytes.NewReader(encoded))
	if err != nil {
		panic(err) // cannot happen: the icon is embedded
	}
	for size := 16; size <= panelHeight; size++ {
		picture := image.NewRGBA(image.Rect(0, 0, size, size))
		draw.BiLinear.Scale(picture, picture.Rect, original, original.Bounds(), draw.Src, nil)
		icons = append(icons, drawnIcon{state, picture, opaquePixels(picture)})
	}
	return icons
}

// distance returns the mean difference, 0 to 255, between the icon's opaque pixels and
// the panel's pixels at a point; infinite if it exceeds limit.
func distance(panel *image.RGBA, at image.Point, icon drawnIcon, limit float64) float64 {
	if difference(panel, at, icon.picture, icon.opaque[0]) > alike {
		return math.Inf(1)
	}
	sum, most := 0, int(limit*float64(3*len(icon.opaque)))
	for _, p := range icon.opaque {
		if sum += difference(panel, at, icon.picture, p); sum > most {
			return math.Inf(1)
		}
	}
	return float64(sum) / float64(3*len(icon.opaque))
}

// difference returns the difference of one pixel of the icon, summed over the channels.
func difference(panel *image.RGBA, at image.Point, icon *image.RGBA, p image.Point) (sum int) {
	here := icon.Pix[icon.PixOffset(p.X, p.Y):]
	there := panel.Pix[panel.PixOffset(at.X+p.X, at.Y+p.Y):]
	for channel := range 3 {
		sum += max(int(here[channel])-int(there[channel]), int(there[channel])-int(here[channel]))
	}
	return sum
}

// opaquePixels returns the opaque pixels of an icon, the brightest one first.
func opaquePixels(icon *image.RGBA) (opaque []image.Point) {
	brightest := 0
	for y := range icon.Rect.Dy() {
		for x := range icon.Rect.Dx() {
			p := image.Pt(x, y)
			if icon.RGBAAt(x, y).A < 250 {
				continue
			}
			opaque = append(opaque, p)
			if light := brightness(icon, p); light > brightest {
				brightest = light
				last := len(opaque) - 1
				opaque[0], opaque[last] = opaque[last], opaque[0]
			}
		}
	}
	return opaque
}

// brightPixels returns the pixels of a picture that are at least that bright, row by row.
func brightPixels(picture *image.RGBA, least int) (bright []image.Point) {
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if p := image.Pt(x, y); brightness(picture, p) >= least {
				bright = append(bright, p)
			}
		}
	}
	return bright
}

// brightness returns the brightness of a pixel, summed over the channels.
func brightness(picture *image.RGBA, p image.Point) int {
	c := picture.RGBAAt(p.X, p.Y)
	return int(c.R) + int(c.G) + int(c.B)
}

// Window waits for a visible window of a class, of a place and size that fits accepts,
// and returns its place. A new window may be laid out and moved while it is drawn, so the
// place and the picture there are the same twice.
func (s *Session) Window(ctx context.Context, class string, fits func(image.Rectangle) bool) (where image.Rectangle, err error) {
	var drawn image.Image
	err = waitFor(ctx, "a window of "+class, func() error {
		is, err := s.findWindow(ctx, class, fits)
		if err != nil {
			return err
		}
		picture, err := s.takePicture(ctx, "-crop", fmt.Sprintf("%dx%d+%d+%d", is.Dx(), is.Dy(), is.Min.X, is.Min.Y))
		if err != nil {
			return err
		}
		was, wasDrawn := where, drawn
		if where, drawn = is, picture; is != was || !reflect.DeepEqual(picture, wasDrawn) {
			return errors.New("it does not stand still")
		}
		return nil
	})
	return where, err
}

func (s *Session) findWindow(ctx context.Context, class string, fits func(image.Rectangle) bool) (image.Rectangle, error) {
	ids, err := s.Run(ctx, "xdotool", "search", "--onlyvisible", "--class", class)
	if err != nil {
		return image.Rectangle{}, errors.New("there is none")
	}
	for id := range strings.FieldsSeq(ids) {
		if where, err := s.geometry(ctx, id); err == nil && fits(where) {
			return where, nil
		}
	}
	return image.Rectangle{}, errors.New("none of them fits")
}

func (s *Session) geometry(ctx context.Context, id string) (image.Rectangle, error) {
	out, err := s.Run(ctx, "xdotool", "getwindowgeometry", "--shell", id)
	if err != nil {
		return image.Rectangle{}, err
	}
	values := make(map[string]int)
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name], _ = strconv.Atoi(value)
	}
	x, y := values["X"], values["Y"]
	return image.Rect(x, y, x+values["WIDTH"], y+values["HEIGHT"]), nil
}
