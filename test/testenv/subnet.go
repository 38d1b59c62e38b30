package testenv

import (
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// subnets are the locks of the networks that this process has.
var subnets struct {
	mu    sync.Mutex
	locks []*flock.Flock
}

// newSubnet returns the first three numbers of an IPv4 network of 256 addresses, which no
// other engine of a test has, in any process, until this process ends. 198.18.0.0/15 is
// set aside for tests (RFC 2544).
func newSubnet(t testing.TB) string {
	t.Helper()
	const number = 512
	first := mathrand.IntN(number)
	for i := range number {
		n := (first + i) % number
		subnet := fmt.Sprintf("198.%d.%d", 18+n/256, n%256)
		lock := flock.New("/run/lock/colab-tray-test-subnet-"+subnet, flock.SetPermissions(0o600))
		if got, err := lock.TryLock(); err != nil {
			t.Fatal(err)
		} else if got {
			subnets.mu.Lock()
			defer subnets.mu.Unlock()
			subnets.locks = append(subnets.locks, lock)
			return subnet
		}
	}
	t.Fatal("all networks that are set aside for tests are in use")
	return ""
}
