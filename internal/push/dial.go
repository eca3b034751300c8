package push

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"wardroom/internal/config"
)

// Patience for one push service.
const (
	dialTime    = 10 * time.Second
	requestTime = 20 * time.Second
	answerBytes = 64 << 10
)

// inside are networks that are not the public one, beside those that package netip knows, or that lead into such ones.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is one of the public network.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	for _, n := range inside {
		if n.Contains(ip) {
			return false
		}
	}
	return true
}

// NewClient gives a client that speaks to hosts alone: encrypted, following no redirection and using no proxy. A host that the operator has not named by
// itself is spoken to at public addresses only; that is looked at when connecting, after its name was looked up.
func NewClient(hosts config.Hosts) *http.Client {
	plain := &net.Dialer{Timeout: dialTime}
	careful := &net.Dialer{Timeout: dialTime, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return fmt.Errorf("the address is not of the public network")
		}
		return nil
	}}
	return &http.Client{
		Timeout:       requestTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				n, _ := strconv.Atoi(port)
				switch ok, private := hosts.Allow(host, n); {
				case !ok:
					return nil, fmt.Errorf("nothing may be sent there")
				case private:
					return plain.DialContext(ctx, network, address)
				}
				return careful.DialContext(ctx, network, address)
			},
			TLSHandshakeTimeout: dialTime, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: hostAtOnce, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
	}
}
