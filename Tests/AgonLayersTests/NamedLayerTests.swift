import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct NamedLayerTests {
    @Test func theNameStandsForTheIndex() throws {
        let net = try network(
            """
            [{"type": "linear", "features": 4, "name": "in"}, "relu",
             {"type": "residual", "name": "block", "layers": [{"type": "linear", "features": 4, "name": "x-1"}]},
             {"type": "concat", "branches": [[], [{"type": "linear", "features": 2, "name": "side"}]]},
             {"type": "repeat", "count": 2, "layers": [{"type": "linear", "features": 6, "name": "in"}]},
             {"type": "sequence", "name": "last", "layers": ["relu", {"type": "linear", "features": 1}]}]
            """, input: [3], name: "generator")
        #expect(
            net.variables.filter { $0.shape.rank == 2 }.map(\.name) == [
                "generator.in.weight", "generator.block.layers.x-1.weight", "generator.3.branches.1.side.weight",
                "generator.4.0.in.weight", "generator.4.1.in.weight", "generator.last.1.weight",
            ])
        // Messages and the table say where it stands in the config.
        #expect(net.layers[0].path == "generator.layers[0]" && net.layers[0].name == "generator.in")
        #expect(net.layers[0].type == "linear")
    }

    @Test func weightsFitANetworkWithMoreLayers() throws {
        let small = try network(#"[{"type": "linear", "features": 3, "name": "last"}]"#, input: [3])
        let large = try network(
            #"[{"type": "linear", "features": 3}, "relu", {"type": "linear", "features": 3, "name": "last"}]"#,
            input: [3])
        let names = Set(large.variables.map(\.name))
        #expect(small.variables.allSatisfy { names.contains($0.name) })
        // First values follow from the name.
        #expect(small.variables.map(\.values) == large.variables.suffix(2).map(\.values))
    }

    @Test func aNamedPairIsStillFolded() throws {
        let net = try network(
            #"[{"type": "upsample", "name": "up"}, {"type": "conv", "channels": 3, "kernel": 3, "padding": 1, "name": "c"}]"#,
            input: [4, 4, 2])
        #expect(try operations(of: net).contains(.foldUpsampling))
        #expect(net.parameters.map(\.name) == ["net.c.weight", "net.c.bias"])
    }

    @Test func randomStreamsFollowTheName() throws {
        let net = try network(#"[{"type": "dropout", "name": "noise"}]"#, input: [4])
        let streams = try operations(of: net).compactMap { operation in
            if case .random(_, let stream) = operation { stream } else { nil }
        }
        #expect(streams == ["net.noise/"])
    }

    @Test func theResolvedConfigKeepsTheName() throws {
        let node = try ConfigNode.parse(#"{"layers": [{"name": "up1", "type": "tanh"}, "tanh"]}"#, file: "test.json")
        let (value, resolved) = try ConfigReader.decode(NetworkConfiguration.self, from: node)
        #expect(
            resolved.lineText
                == #"{"layers": [{"type": "tanh", "name": "up1"}, {"type": "tanh"}], "initialization": {}}"#)
        #expect(try ConfigReader.decode(NetworkConfiguration.self, from: resolved).resolved == resolved)
        #expect(value.layers[0] is NamedLayer && value.layers[1] is ActivationLayer)
    }

    @Test func theSchemaHasTheNameOfEveryKind() throws {
        let schema = try JSONSchema.describe(
            NetworkConfiguration.self, title: "Network", id: "https://example.org/network.json")
        let kinds = try #require(schema.object?["$defs"]?.object?["Layer"]?.object?["oneOf"]?.array)
        let named = kinds.filter { $0.object?["properties"]?.object?["name"] != nil }
        #expect(named.count == LayerRegistry.layers.names.count)
        // The other kind of entry lists plain strings, for kinds that need no key.
        #expect(kinds.count == named.count + 1)
        #expect(kinds[0].lineText.contains("\"relu\""))
    }

    @Test(arguments: ["", "1", "-7", "a.b", "ü", "a b", "a/b"])
    func otherNamesAreRefused(_ name: String) {
        #expect(
            message(#"[{"type": "relu", "name": "\#(name)"}]"#, input: [3])
                == "test.json:1: layers[0].name: expected letters, digits, '_' or '-', but not only digits, found '\(name)'"
        )
    }
}
