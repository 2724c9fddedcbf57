package mtconnect

import "time"

// Assets is an MTConnectAssets document.
type Assets struct {
	Header Header
	Assets []Asset
}

// Asset is one asset as the agent gave it. Beyond the attributes that every
// asset has, the content is kept as written.
type Asset struct {
	// Type is the local name of the element, such as "CuttingTool".
	Type, Prefix string
	ID           string
	DeviceUUID   string
	Timestamp    time.Time
	Removed      bool
	Hash         string
	// Content is the whole element as written (XML or JSON).
	Content []byte
}
