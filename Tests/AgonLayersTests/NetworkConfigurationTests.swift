import AgonConfiguration
import AgonLayers
import Testing

@Suite struct NetworkConfigurationTests {
    @Test func theResolvedConfigHasEveryDefaultAndReadsBack() throws {
        let node = try ConfigNode.parse(
            #"{"layers": [{"type": "conv", "channels": 8, "kernel": 3, "norm": "spectral"}, "leakyReLU"]}"#,
            file: "test.json")
        let (_, resolved) = try ConfigReader.decode(NetworkConfiguration.self, from: node)
        #expect(
            resolved.lineText
                == #"{"layers": [{"type": "conv", "channels": 8, "kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": true, "norm": {"type": "spectral", "iterations": 1, "epsilon": 1e-12}, "frozen": false, "initialization": {}}, {"type": "leakyReLU", "slope": 0.2}], "initialization": {}}"#
        )
        let (again, second) = try ConfigReader.decode(NetworkConfiguration.self, from: resolved)
        #expect(second == resolved)
        #expect(again.layers.map(\.type) == ["conv", "leakyReLU"])
    }

    @Test(arguments: ["scale", "frozen"]) func aNormWithoutWeightTakesNoSettingsOfIt(key: String) throws {
        func decode(_ others: String) throws {
            let text = #"{"layers": [{"type": "instanceNorm", "\#(key)": true\#(others)}]}"#
            _ = try ConfigReader.decode(
                NetworkConfiguration.self, from: ConfigNode.parse(text, file: "test.json"))
        }
        #expect(throws: ConfigError.self) { try decode("") }
        try decode(#", "affine": true"#)
    }

    @Test(arguments: [
        (#"{"type": "instanceNorm", "initialization": {"weights": "default"}}"#, "weights"),
        (#"{"type": "batchNorm", "scale": false, "initialization": {"weights": "default"}}"#, "weights"),
        (#"{"type": "batchNorm", "affine": false, "initialization": {"biases": "default"}}"#, "biases"),
        (#"{"type": "linear", "features": 3, "bias": false, "initialization": {"biases": "default"}}"#, "biases"),
        (#"{"type": "minibatchDiscrimination", "initialization": {"biases": "default"}}"#, "biases"),
        (#"{"type": "condition", "initialization": {"weights": "default"}}"#, "weights"),
        (#"{"type": "condition", "features": 3, "initialization": {"biases": "default"}}"#, "biases"),
    ]) func initialValuesOfMissingVariablesAreRefused(layer: String, missing: String) throws {
        let node = try ConfigNode.parse(#"{"layers": [\#(layer)]}"#, file: "test.json")
        let error = try #require(throws: ConfigError.self) {
            _ = try ConfigReader.decode(NetworkConfiguration.self, from: node)
        }
        #expect(
            "\(error)" == "test.json:1: layers[0].initialization: the layer has no \(missing); remove '\(missing)'")
    }

    @Test func everyKindIsDescribedInTheSchema() throws {
        let schema = try JSONSchema.describe(
            NetworkConfiguration.self, title: "Network", id: "https://example.org/network.json")
        let text = schema.lineText
        for name in LayerRegistry.layers.names + LayerRegistry.initializers.names
            + LayerRegistry.weightNorms.names
        {
            #expect(text.contains("\"title\": \"\(name)\"") || text.contains("\"\(name)\""), "\(name)")
        }
    }
}
