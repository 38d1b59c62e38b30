package gateway

import (
	"io"
	"net"
	"testing"
)

// eachWay runs a benchmark with and without a gateway between client and server.
func eachWay(b *testing.B, serve func(*net.TCPConn), run func(b *testing.B, dial func() net.Conn)) {
	way := serving(b, serve)
	g := listen(b)
	g.Lead(way, nil)
	b.Run("direct", func(b *testing.B) {
		run(b, func() net.Conn {
			conn, err := way(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			return conn
		})
	})
	b.Run("gateway", func(b *testing.B) { run(b, func() net.Conn { return connect(b, g) }) })
}

func echo(c *net.TCPConn) { _, _ = io.Copy(c, c) }

func BenchmarkConnect(b *testing.B) {
	eachWay(b, echo, func(b *testing.B, dial func() net.Conn) {
		for b.Loop() {
			conn := dial()
			_, _ = io.WriteString(conn, "x")
			_, _ = io.ReadFull(conn, make([]byte, 1))
			_ = conn.Close()
		}
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	eachWay(b, echo, func(b *testing.B, dial func() net.Conn) {
		conn := dial()
		defer conn.Close()
		for b.Loop() {
			_, _ = io.WriteString(conn, "x")
			_, _ = io.ReadFull(conn, make([]byte, 1))
		}
	})
}

func BenchmarkDownload(b *testing.B) {
	block := make([]byte, 1<<20)
	pour := func(c *net.TCPConn) {
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	eachWay(b, pour, func(b *testing.B, dial func() net.Conn) {
		conn := dial()
		defer conn.Close()
		b.SetBytes(int64(len(block)))
		into := make([]byte, len(block))
		for b.Loop() {
			if _, err := io.ReadFull(conn, into); err != nil {
				b.Fatal(err)
			}
		}
	})
}
