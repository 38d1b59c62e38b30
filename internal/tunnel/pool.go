package tunnel

import "sync"

// Pool has one tunnel to each box, which all who use that box share. The zero value is
// ready.
type Pool struct {
	mu      sync.Mutex
	tunnels map[account]*pooled
}

// account is what has a login of its own.
type account struct {
	destination  Destination // without a socket
	dir, program string
}

// pooled is a tunnel, and how many shares in it there are.
type pooled struct {
	*Tunnel
	shares int
}

// Share is a share in a tunnel of a pool.
type Share struct {
	*Tunnel
	pool    *Pool
	account account
	of      *pooled
	end     sync.Once
}

// Open returns a share in the tunnel to a box. The first share decides about the log and
// the askpass program.
func (p *Pool) Open(d Destination, o Options) *Share {
	d.socket = ""
	a := account{d, o.Dir, o.Program}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tunnels == nil {
		p.tunnels = map[account]*pooled{}
	}
	of := p.tunnels[a]
	if of == nil {
		of = &pooled{Tunnel: New(d, o)}
		p.tunnels[a] = of
	}
	of.shares++
	return &Share{Tunnel: of.Tunnel, pool: p, account: a, of: of}
}

// Outdate makes the next Open return another tunnel, with a login of its own. Shares in
// this one keep it.
func (s *Share) Outdate() {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.outdate()
}

// outdate is Outdate for a caller that holds the lock of the pool.
func (s *Share) outdate() {
	if s.pool.tunnels[s.account] == s.of {
		delete(s.pool.tunnels, s.account)
	}
}

// Close gives up the share. The last one closes the tunnel.
func (s *Share) Close() (err error) {
	s.end.Do(func() {
		s.pool.mu.Lock()
		s.of.shares--
		last := s.of.shares == 0
		if last {
			s.outdate()
		}
		s.pool.mu.Unlock()
		if last {
			err = s.Tunnel.Close()
		}
	})
	return err
}
