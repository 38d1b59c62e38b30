package testenv

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
)

// FaultPoint is a request that a fault meets.
type FaultPoint struct {
	Fault Fault
	At    int  // the number of the request, from 1
	Lasts bool // until what is done has given up
}

// FaultPoints chooses a request for each fault of an engine, or with sample for one of them,
// or all requests for all of them where [EveryFault] says so, in any order. A slow engine is
// slow from the first request on.
func FaultPoints(t testing.TB, faults []Fault, requests int, sample bool) (points []FaultPoint) {
	t.Helper()
	random := newFaultRandom(t, t.Name())
	if sample && !EveryFault() {
		return []FaultPoint{{Fault: faults[random.IntN(len(faults))], At: 1 + random.IntN(requests)}}
	}
	for _, fault := range faults {
		if !EveryFault() {
			points = append(points, FaultPoint{Fault: fault, At: 1 + random.IntN(requests)})
			continue
		}
		for at := range requests {
			points = append(points, FaultPoint{Fault: fault, At: 1 + at})
		}
	}
	random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return append(points, FaultPoint{Fault: Slow, At: 1})
}

// FaultySome chooses a third of so many things that faults are to meet on an engine of
// that name, or all of them, also where [EveryFault] says so. It returns their numbers,
// from 0, in any order.
func FaultySome(t testing.TB, engine string, of int, all bool) []int {
	t.Helper()
	chosen := newFaultRandom(t, engine).Perm(of)
	if !all && !EveryFault() {
		chosen = chosen[:of/3]
	}
	return chosen
}

// EveryFault reports whether each fault has to meet each request, which takes half an hour
// or more on each engine. The environment says so.
func EveryFault() bool { return os.Getenv("COLAB_TRAY_TEST_FAULTS") == "all" }

// FaultSeed returns what the choice of faults depends on, which the environment can tell.
func FaultSeed(t testing.TB) uint64 {
	t.Helper()
	seed, err := faultSeed()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("COLAB_TRAY_TEST_SEED=%d chooses", seed)
	return seed
}

var faultSeed = sync.OnceValues(func() (uint64, error) {
	if text := os.Getenv("COLAB_TRAY_TEST_SEED"); text != "" {
		return strconv.ParseUint(text, 10, 64)
	}
	return rand.Uint64(), nil
})

// newFaultRandom returns what chooses by that seed, in another way for each name.
func newFaultRandom(t testing.TB, name string) *rand.Rand {
	t.Helper()
	hash := fnv.New64a()
	fmt.Fprint(hash, name)
	return rand.New(rand.NewPCG(FaultSeed(t), hash.Sum64()))
}
