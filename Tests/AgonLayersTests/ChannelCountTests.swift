import AgonConfiguration
import AgonTensors
import Testing

@testable import AgonLayers

@Suite struct ChannelCountTests {
    private static let kinds = [
        #"{"type": "conv", "channels": "data", "kernel": 3, "padding": 1}"#,
        #"{"type": "convTranspose", "channels": "data", "kernel": 4, "stride": 2, "padding": 1}"#,
        #"{"type": "residual", "layers": [{"type": "conv", "channels": "data", "kernel": 1}], "#
            + #""shortcut": [{"type": "conv", "channels": "data", "kernel": 1}]}"#,
    ]

    @Test(arguments: kinds, [1, 3]) func layersFollowTheData(kind: String, channels: Int) throws {
        let network = try Network(
            name: "net", layers: layers("[\(kind)]"), input: [4, 4, 8], dataChannels: channels, seed: 0)
        #expect(network.outputShape[2] == channels)
    }

    @Test(arguments: kinds) func aSectionTellsWhetherItFollowsTheData(kind: String) throws {
        let open = try ConfigNode.parse(#"{"layers": ["relu", \#(kind)]}"#, file: "net")
        #expect(ChannelCount.followsData(open))
        let fixed = try ConfigNode.parse(
            #"{"layers": ["relu", \#(kind.replacing("\"data\"", with: "3"))]}"#, file: "net")
        #expect(!ChannelCount.followsData(fixed))
    }

    @Test func otherWordsAreRefused() {
        #expect(throws: ConfigError.self) { try layers(#"[{"type": "conv", "channels": "image", "kernel": 3}]"#) }
    }
}
