package bridge

import (
	"context"
	"time"

	"wvsms/modem"
	"wvsms/spool"
)

// infoLimit is how long INFO waits for the spool.
const infoLimit = time.Second

// info is INFO's JSON object.
type info struct {
	Name      string      `json:"name"`
	Uptime    string      `json:"uptime"`
	Clock     string      `json:"clock,omitempty"` // what is wrong with the machine's
	Ports     []uint16    `json:"ports"`
	Modems    []modemInfo `json:"modems"`
	Queued    int         `json:"queued"`    // outbound messages that are not finished
	Waiting   int         `json:"waiting"`   // segments that were not sent yet
	Unclaimed int         `json:"unclaimed"` // inbound messages without a consumer's ACK
	Partials  int         `json:"partials"`  // inbound datagrams that miss segments
	Aside     int         `json:"quarantine"`
	spentInfo
	Cost24h  string           `json:"cost_24h,omitempty"` // with its currency; where a price is known
	Cost30d  string           `json:"cost_30d,omitempty"`
	Limits   limitsInfo       `json:"limits"`
	Loops    []loopInfo       `json:"loops"` // peers to which nothing is accepted, since programs answer each other
	Counters map[string]int64 `json:"counters"`
}

// spentInfo is what was submitted against what may be; 0 is no limit.
type spentInfo struct {
	Spent    int `json:"segments_24h"`
	Spent30d int `json:"spent_30d"` // and in up to an hour more
	Budget   int `json:"segments_per_day"`
	Month    int `json:"segments_per_30d"`
}

// limitsInfo is what holds besides, unless a [[peer]] says something else.
type limitsInfo struct {
	PeerPerDay   int    `json:"peer_per_day,omitempty"`
	PeerPer30d   int    `json:"peer_per_30d,omitempty"`
	PeerEvery    string `json:"peer_every,omitempty"`
	PeerBurst    int    `json:"peer_burst,omitempty"`
	MaxOctets    int    `json:"max_octets"`
	Price        string `json:"price,omitempty"`
	LoopSegments int    `json:"loop_segments,omitempty"`
	LoopWithin   string `json:"loop_within,omitempty"`
}

func (c *LimitsConfig) info() limitsInfo {
	v := limitsInfo{PeerPerDay: c.PeerPerDay, PeerPer30d: c.PeerPer30d, MaxOctets: c.MaxOctets, Price: c.Price.String(), LoopSegments: c.LoopSegments}
	if c.PeerEvery > 0 {
		v.PeerEvery, v.PeerBurst = c.PeerEvery.String(), c.PeerBurst
	}
	if c.LoopSegments > 0 {
		v.LoopWithin = c.LoopWithin.String()
	}
	return v
}

// spentInfo reads what one modem has submitted, or all for "".
func (q quota) spentInfo(tx *spool.Tx, now time.Time, modem string) (v spentInfo, err error) {
	scope := spool.Everything
	if modem != "" {
		scope = spool.OfModem(modem)
	}
	v.Budget, v.Month = q.day, q.month
	if v.Spent, err = tx.Spent(now.Add(-budgetSpan), modem); err != nil {
		return v, err
	}
	v.Spent30d, _, err = tx.Tallied(scope, now.Add(-monthSpan))
	return v, err
}

type modemInfo struct {
	Name       string `json:"name"`
	Ready      bool   `json:"ready"`
	Registered bool   `json:"registered"`
	Sends      bool   `json:"sends"` // it may be given messages
	Roaming    bool   `json:"roaming"`
	Verdict    string `json:"verdict"`
	Recovery   string `json:"recovery,omitempty"`      // what was done last about a trouble that is not over
	Rung       int    `json:"recovery_rung,omitempty"` // of it: 1 reopen, 2 radio, 3 restart, 4 usb, 5 hook, 6 alarm
	Operator   string `json:"operator,omitempty"`
	Serving    string `json:"network,omitempty"` // PLMN
	Home       string `json:"home,omitempty"`
	Carries    string `json:"carries,omitempty"` // what wvsms doctor --loopback found out of that network
	RSSI       int    `json:"rssi_dbm,omitempty"`
	Device     string `json:"device,omitempty"`
	Model      string `json:"model,omitempty"`
	IMEI       string `json:"imei,omitempty"`
	SIM        string `json:"sim,omitempty"`
	Number     string `json:"number,omitempty"`
	StoreUsed  int    `json:"store_used"`  // messages in the modem's store
	StoreTotal int    `json:"store_total"` // that it holds; 0: not known
	spentInfo
}

// Info tells how the bridge is, for INFO. What the spool cannot tell just now is
// left zero: INFO answers at once, whatever is the matter.
func (b *Bridge) Info() any {
	now, set := b.clock.Now(), b.settings()
	v := info{
		Name: "wvsms", Uptime: now.Sub(b.started).Truncate(time.Second).String(),
		Ports: b.cfg.Socket.Ports, Limits: set.Limits.info(), Loops: []loopInfo{}, Counters: map[string]int64{},
	}
	if b.clockUnset() {
		v.Clock = "never set: times are shown wrong"
	}
	for _, c := range b.cfg.Modems {
		v.Modems = append(v.Modems, b.modemInfo(c.Name))
	}
	ctx, cancel := context.WithTimeout(context.Background(), infoLimit)
	defer cancel()
	err := b.spool.View(ctx, func(tx *spool.Tx) (err error) {
		number := func(get func() (int, error)) (n int) {
			if err == nil {
				n, err = get()
			}
			return n
		}
		v.Queued = number(tx.QueueDepth)
		v.Waiting = number(tx.OpenSegments)
		v.Unclaimed = number(tx.Unclaimed)
		v.Partials = number(tx.Partials)
		v.Aside = number(tx.QuarantineSize)
		if err == nil {
			err = b.costs(tx, now, set, &v)
		}
		for i := range v.Modems {
			if m := &v.Modems[i]; err == nil && m.Serving != "" {
				var c Carrier
				c, _, err = ReadCarrier(tx, m.Home, m.Serving)
				m.Carries = c.Verdict
			}
		}
		if err == nil {
			v.Counters, err = tx.Counters()
		}
		return err
	})
	if err != nil {
		b.log.Error().Err(err).Msg("cannot read the spool for INFO")
	}
	if v.Counters == nil {
		v.Counters = map[string]int64{}
	}
	b.tally.on(v.Counters)
	return v
}

// costs reads the gauges of what was spent.
func (b *Bridge) costs(tx *spool.Tx, now time.Time, set *Settings, v *info) (err error) {
	if v.spentInfo, err = (quota{set.Limits.SegmentsPerDay, set.Limits.SegmentsPer30d}).spentInfo(tx, now, ""); err != nil {
		return err
	}
	for i := range v.Modems {
		m := &v.Modems[i]
		if m.spentInfo, err = set.quotaOf(m.Name).spentInfo(tx, now, m.Name); err != nil {
			return err
		}
	}
	paid, err := tx.Paid(now.Add(-budgetSpan))
	if err != nil {
		return err
	}
	_, month, err := tx.Tallied(spool.Everything, now.Add(-monthSpan))
	if err != nil {
		return err
	}
	v.Cost24h, v.Cost30d = set.Limits.Price.of(paid), set.Limits.Price.of(month)
	v.Loops, err = b.loops(tx)
	return err
}

func (b *Bridge) modemInfo(name string) modemInfo {
	b.mu.Lock()
	s, verdict, recovery := b.sessions[name], b.verdicts[name], b.recoveries[name]
	b.mu.Unlock()
	v := modemInfo{Name: name, Verdict: verdict}
	if recovery != nil {
		v.Recovery, v.Rung = recovery.told()
		v.Verdict += recovery.power()
	}
	if s == nil {
		return v
	}
	var (
		id modem.Identity = s.modem.Identity()
		st modem.Status   = s.modem.Status()
	)
	v.Ready, v.Registered, v.Operator, v.RSSI = true, st.Registered, st.Operator, st.RSSI
	v.Sends, v.Roaming, v.Serving, v.Home = s.sends(st), st.Roaming, st.Serving, st.Home
	v.Device = s.device
	v.StoreUsed, v.StoreTotal = st.StoreUsed, st.StoreTotal
	v.Model, v.IMEI, v.SIM, v.Number = id.Model, id.IMEI, s.sim, id.Number
	return v
}
