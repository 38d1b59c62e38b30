package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// childVariable makes the test binary run as a child process, which does what the
// variable says. The clipboard library reads the environment only once per process, and
// a lock belongs to a process.
const childVariable = "COLAB_TRAY_TEST_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childVariable); what != "" {
		child(what)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child reads its arguments from the first line of its input, prints one line with the
// result, and stays until its input ends.
func child(what string) {
	in := bufio.NewReader(os.Stdin)
	line, _ := in.ReadString('\n')
	line = strings.TrimSuffix(line, "\n")
	switch what {
	case "copy":
		err := Copy(context.Background(), line)
		switch {
		case err == nil:
			fmt.Println("copied")
		case errors.Is(err, ErrNoClipboard):
			fmt.Println("no clipboard:", err)
		default:
			fmt.Println("error:", err)
		}
	case "copy for a time": // and once more for each line that comes
		after, text, _ := strings.Cut(line, " ")
		stay, err := time.ParseDuration(after)
		if err != nil {
			panic(err)
		}
		c := Clipboard{ClearAfter: func() time.Duration { return stay }}
		for text != "" {
			fmt.Println(c.Copy(context.Background(), text))
			text, _ = in.ReadString('\n')
			text = strings.TrimSuffix(text, "\n")
		}
		c.Close()
		fmt.Println("closed")
	case "offer":
		after, text, _ := strings.Cut(line, " ")
		during, err := time.ParseDuration(after)
		if err != nil {
			panic(err)
		}
		err = Offer(context.Background(), text, during, func() { fmt.Println("copied") })
		fmt.Println("over", err)
	case "lock":
		_, first, err := Acquire(line)
		fmt.Println(first, err)
	}
	_, _ = io.Copy(io.Discard, in)
}
