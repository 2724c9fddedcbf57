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

// ParseAssets reads an MTConnectAssets document, XML or JSON. It returns an
// [*AgentError] where data is an MTConnectError document and a [*SyntaxError]
// where it is neither.
func ParseAssets(data []byte, limits Limits) (*Assets, error) {
	root, header, err := parseDocument(data, limits, rootAssets, keepSource{parent: "Assets"})
	if err != nil {
		return nil, err
	}
	return &Assets{Header: header, Assets: appendEach(nil, root.child("Assets").children, asset)}, nil
}

func asset(e *element) Asset {
	return Asset{
		Type:       e.name,
		Prefix:     e.prefix,
		ID:         e.attr("assetId"),
		DeviceUUID: e.attr("deviceUuid"),
		Timestamp:  headerTime([]byte(e.attr("timestamp"))),
		Removed:    isTrue(e.attr("removed")),
		Hash:       e.attr("hash"),
		Content:    e.source,
	}
}
