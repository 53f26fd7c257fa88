import AgonConfiguration
import AgonTestFiles
import Testing

@Suite struct JSONSchemaTests {
    @Test func aSectionWithARecursiveKindIsDescribed() throws {
        let schema = try JSONSchema.describe(
            SampleNetwork.self, title: "Network", id: "https://example.org/network.json")
        #expect(schema.prettyText == Self.networkSchema)
    }

    static let networkSchema = """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "https://example.org/network.json",
          "title": "Network",
          "type": "object",
          "properties": {
            "$schema": {"description": "The schema, a hint for editors.", "type": "string"},
            "layers": {
              "description": "The layers in order.",
              "type": "array",
              "items": {"$ref": "#/$defs/Layer"},
              "minItems": 1
            },
            "norm": {
              "description": "Normalisation.",
              "type": "string",
              "enum": ["none", "batch", "layer"],
              "default": "none"
            },
            "pool": {
              "description": "Pooling.",
              "anyOf": [{"type": "string", "enum": ["maximum", "average"]}, {"type": "null"}]
            }
          },
          "required": ["layers"],
          "additionalProperties": false,
          "$defs": {
            "Layer": {
              "oneOf": [
                {"type": "string", "enum": ["flatten", "residual"]},
                {
                  "title": "around",
                  "description": "One layer within another.",
                  "type": "object",
                  "properties": {
                    "type": {"const": "around"},
                    "layer": {"description": "The layer within.", "$ref": "#/$defs/Layer"}
                  },
                  "required": ["type", "layer"],
                  "additionalProperties": false
                },
                {
                  "title": "conv",
                  "description": "Convolution.",
                  "type": "object",
                  "properties": {
                    "type": {"const": "conv"},
                    "channels": {
                      "description": "Number of output channels.",
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 65536
                    },
                    "kernel": {
                      "description": "Kernel size in pixels.",
                      "anyOf": [
                        {"type": "integer", "minimum": 1, "maximum": 255},
                        {
                          "type": "array",
                          "items": {"type": "integer", "minimum": 1, "maximum": 255},
                          "minItems": 2,
                          "maxItems": 2
                        }
                      ],
                      "default": 3
                    },
                    "slope": {
                      "description": "Slope below zero.",
                      "type": "number",
                      "minimum": 0,
                      "exclusiveMaximum": 1,
                      "default": 0.2
                    },
                    "bias": {"description": "Whether a bias is added.", "type": "boolean", "default": true}
                  },
                  "required": ["type", "channels"],
                  "additionalProperties": false
                },
                {
                  "title": "flatten",
                  "description": "All features in one row.",
                  "type": "object",
                  "properties": {"type": {"const": "flatten"}},
                  "required": ["type"],
                  "additionalProperties": false
                },
                {
                  "title": "residual",
                  "description": "Layers whose input is added to their output.",
                  "type": "object",
                  "properties": {
                    "type": {"const": "residual"},
                    "layers": {
                      "description": "The layers within.",
                      "type": "array",
                      "items": {"$ref": "#/$defs/Layer"},
                      "default": []
                    },
                    "scale": {
                      "description": "Factor of the inner output.",
                      "type": ["number", "null"],
                      "exclusiveMinimum": 0
                    }
                  },
                  "required": ["type"],
                  "additionalProperties": false
                }
              ]
            }
          }
        }

        """

    /// What decodes must satisfy the schema; what does not decode must not, but for rules a schema does not state.
    @Test(arguments: ConfigErrorTests.decoding.map(\.text) + [ConfigReaderTests.full, ConfigReaderTests.small])
    func theSchemaAgreesWithDecoding(text: String) throws {
        let schema = try JSONSchema.describe(SampleRun.self, title: "Run", id: "run")
        let check = SchemaCheck(root: schema)
        let node = try ConfigNode.parse(text, file: "x")
        func decodes(_ node: ConfigNode) -> Bool {
            message { try ConfigReader.decode(SampleRun.self, from: node) } == "no error"
        }
        let isRule = text.contains(#""every": 20"#)
        #expect(check.accepts(node, schema) == (decodes(node) || isRule))
        // Most wrong texts leave out the one required key; given it, what is left must be what both refuse.
        // The schema does not say that integers fit 64 bits.
        let isTooLong = text.contains("9223372036854775808") || text.contains("1e30")
        guard node.object != nil, node["discriminator"] == nil, !isTooLong else { return }
        let complete = try node.applying([#"discriminator={"layers": ["flatten"]}"#])
        #expect(check.accepts(complete, schema) == decodes(complete))
        #expect(decodes(complete) == (node.object?.isEmpty ?? false))
    }

    @Test(arguments: [ConfigReaderTests.full, ConfigReaderTests.small])
    func resolvedConfigsSatisfyTheSchema(text: String) throws {
        let schema = try JSONSchema.describe(SampleRun.self, title: "Run", id: "run")
        #expect(SchemaCheck(root: schema).accepts(try decodeSample(text).resolved, schema))
    }

    @Test(arguments: [
        (
            #"{"extends": "base.json", "discriminator": {"norm": "batch"}, "optimizer": {"momentum": 0.5}}"#,
            true
        ),
        (#"{"extends": ["a", "b"], "$schema": "s", "optimizer": "sgd"}"#, true),
        (#"{"extends": "base.json", "discriminator": {"normal": "batch"}}"#, false),
        (#"{"extends": 1}"#, false), (#"{"optimizer": {"type": "sgd", "betas": [0, 0]}}"#, false),
    ])
    func thePartialSchemaTakesFilesThatExtend(text: String, expected: Bool) throws {
        let schema = try JSONSchema.describe(SampleRun.self, title: "Run", id: "run", partial: true)
        #expect(SchemaCheck(root: schema).accepts(try .parse(text, file: "x"), schema) == expected)
    }

    /// Every key that decoding reads is described, and the other way round.
    @Test func describingAndDecodingReadTheSameKeys() throws {
        let schema = try JSONSchema.describe(SampleRun.self, title: "Run", id: "run")
        let described = Set(schema["properties"]?.object?.keys ?? []).subtracting(["$schema"])
        #expect(described == Set(try decodeSample(ConfigReaderTests.full).resolved.object?.keys ?? []))
        let layers = schema["$defs"]?["Layer"]?["oneOf"]?.array ?? []
        let kind = layers.first { $0["title"] == "conv" }
        #expect(kind?["properties"]?.object?.keys == ["type", "channels", "kernel", "slope", "bias"])
        #expect(kind?["required"] == ["type", "channels"])
    }

    @Test func keysCommonToAllKindsAreInEach() throws {
        let schema = try JSONSchema.describe(SampleRun.self, title: "Run", id: "run")
        let kinds = schema["$defs"]?["Optimizer"]?["oneOf"]?.array ?? []
        #expect(
            kinds.dropFirst().map { $0["properties"]?.object?.keys } == [
                ["type", "clip", "betas"], ["type", "clip", "momentum"],
            ])
        #expect(kinds.first == ["type": "string", "enum": ["adam", "sgd"]])
    }

    @Test func kindsRegisteredLaterAreDescribed() throws {
        struct Box: ConfigDecodable {
            static let registry = VariantRegistry<Int>(schemaName: "Thing", noun: "thing")
            init(from reader: ConfigReader) throws { _ = try reader.section("thing", Self.registry, "Thing.") }
        }
        #expect(
            message { try JSONSchema.describe(Box.self, title: "", id: "") }
                == "every thing cannot be described: none is registered")
        Box.registry.register("one", "One.") { _ in 1 }
        let schema = try JSONSchema.describe(Box.self, title: "", id: "")
        #expect(schema["$defs"]?["Thing"]?["oneOf"]?.array?.first?["enum"] == ["one"])
    }

    /// A section that wraps a registry of the same name and is used by its kinds.
    struct Tree: ConfigDecodable {
        var size: Int
        static let schemaName: String? = "Tree"
        static let registry: VariantRegistry<Int> = {
            let registry = VariantRegistry<Int>(schemaName: "Tree", noun: "tree")
            registry.register("branch", "Two trees.") {
                let left: Tree = try $0.section("left", "Left.")
                return try left.size
                    + $0.array("right", of: Tree.self, count: 1, "Right.")[0].size
            }
            registry.register("leaf", "No tree.") { _ in 1 }
            return registry
        }()
        init(from reader: ConfigReader) throws { size = try Self.registry.decode(from: reader) }
    }

    @Test func sectionsThatWrapARegistryMayRecur() throws {
        let text =
            #"{"type": "branch", "left": "leaf", "right": [{"type": "branch", "left": "leaf", "right": ["leaf"]}]}"#
        let node = try ConfigNode.parse(text, file: "x")
        #expect(try ConfigReader.decode(Tree.self, from: node).value.size == 3)
        let schema = try JSONSchema.describe(Tree.self, title: "Tree", id: "tree")
        let check = SchemaCheck(root: schema)
        #expect(check.accepts(node, schema))
        #expect(!check.accepts(["type": "branch", "left": "leaf", "right": []], schema))
        #expect(!check.accepts(["type": "branch", "left": "root", "right": ["leaf"]], schema))
    }

    struct Endless: ConfigDecodable {
        init(from reader: ConfigReader) throws { _ = try reader.optionalArray("inner", of: Endless.self, "Inner.") }
    }

    struct Twin: ConfigDecodable {
        static let schemaName: String? = "Optimizer"
        init(from reader: ConfigReader) throws { let _: SampleOptimizer = try reader.section("other", "Other.") }
    }

    struct Judging: ConfigDecodable {
        init(from reader: ConfigReader) throws {
            if try reader.integer("a", in: 0..., "A.") == 0 { throw reader.fail("a", "zero") }
        }
    }

    @Test func sectionsThatCannotBeDescribedAreNamed() {
        func describing<Section: ConfigDecodable>(_ type: Section.Type) -> String {
            message { try JSONSchema.describe(type, title: "", id: "") }
        }
        #expect(
            describing(Endless.self)
                == "Endless cannot be described: it holds sections of its own kind and has no schemaName")
        #expect(describing(Twin.self) == "SampleOptimizer cannot be described: another schema is named 'Optimizer'")
        #expect(describing(Judging.self) == "Judging cannot be described: no input: a: zero")
    }
}

/// A checker of the few words of JSON Schema that descriptions use; an unknown word fails.
struct SchemaCheck {
    let root: ConfigNode

    func accepts(_ node: ConfigNode, _ schema: ConfigNode) -> Bool {
        if let allowed = schema.boolean { return allowed }
        return (schema.object?.members ?? []).allSatisfy { accepts(node, $0.key, $0.value, schema) }
    }

    private func accepts(_ node: ConfigNode, _ word: String, _ value: ConfigNode, _ schema: ConfigNode) -> Bool {
        switch word {
        case "$schema", "$id", "$defs", "title", "description", "default": return true
        case "$ref":
            let name = value.string?.split(separator: "/").last.map(String.init) ?? ""
            guard let target = root["$defs"]?[name] else {
                Issue.record("no schema \(value.lineText)")
                return false
            }
            return accepts(node, target)
        case "type": return (value.array ?? [value]).contains { $0.string.map { isKind(node, $0) } ?? false }
        case "const": return node == value
        case "enum": return value.array?.contains(node) ?? false
        case "anyOf": return value.array?.contains { accepts(node, $0) } ?? false
        case "oneOf": return value.array?.filter { accepts(node, $0) }.count == 1
        case "minimum": return node.number.map { $0 >= value.number ?? .nan } ?? true
        case "maximum": return node.number.map { $0 <= value.number ?? .nan } ?? true
        case "exclusiveMinimum": return node.number.map { $0 > value.number ?? .nan } ?? true
        case "exclusiveMaximum": return node.number.map { $0 < value.number ?? .nan } ?? true
        case "minItems": return node.array.map { $0.count >= value.integer ?? .max } ?? true
        case "maxItems": return node.array.map { $0.count <= value.integer ?? .min } ?? true
        case "items": return node.array?.allSatisfy { accepts($0, value) } ?? true
        case "required":
            guard let object = node.object else { return true }
            return value.array?.allSatisfy { $0.string.map { object[$0] != nil } ?? false } ?? false
        case "properties":
            return node.object?.members.allSatisfy { member in
                value[member.key].map { accepts(member.value, $0) } ?? true
            }
                ?? true
        case "additionalProperties":
            let known = Set(schema["properties"]?.object?.keys ?? [])
            return node.object?.members.allSatisfy { known.contains($0.key) || accepts($0.value, value) } ?? true
        default:
            Issue.record("unknown word \(word)")
            return false
        }
    }

    private func isKind(_ node: ConfigNode, _ kind: String) -> Bool {
        switch kind {
        case "object": node.object != nil
        case "array": node.array != nil
        case "string": node.string != nil
        case "boolean": node.boolean != nil
        case "null": node.isNull
        case "number": node.number != nil
        case "integer": node.number.map { $0 == $0.rounded() } ?? false
        default: false
        }
    }
}
