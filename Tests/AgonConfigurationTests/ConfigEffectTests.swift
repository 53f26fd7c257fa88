import Testing

@testable import AgonConfiguration

/// What an identity is made of: the values that have an effect and that are not as they are by default.
@Suite struct ConfigEffectTests {
    struct Part: ConfigDecodable {
        init(from reader: ConfigReader) throws {
            _ = try reader.integer("size", default: 4, "A size.")
            _ = try reader.boolean("verbose", default: false, affects: .nothing, "How much is said.")
        }
    }

    struct Whole: ConfigDecodable {
        init(from reader: ConfigReader) throws {
            _ = try reader.string("name", affects: .nothing, "A name.")
            _ = try reader.integer("steps", affects: .length, "Steps.")
            _ = try reader.number("rate", default: 1e-3, "A rate.")
            let _: Part = try reader.section("part", default: ["size": 8], "A part.")
            _ = try reader.array("parts", of: Part.self, default: [], "Parts.")
            let _: Part? = try reader.optionalSection("extra", "Another part.")
            let _: Part = try reader.section("watch", default: [:], affects: .measurement, "What is measured.")
        }
    }

    private func identity(_ text: String, _ effects: Set<ConfigEffect> = [.result]) throws -> String {
        let node = try ConfigNode.parse(#"{"name": "n", "steps": 3"# + text + "}", file: "test.json")
        let resolved = try ConfigReader.decode(Whole.self, from: node).resolved
        let again = try ConfigReader.decode(Whole.self, from: resolved).resolved
        #expect(again.identity(of: effects) == resolved.identity(of: effects))
        return resolved.identity(of: effects).lineText
    }

    @Test func defaultsAreNoPartOfIt() throws {
        #expect(try identity("") == "{}")
        #expect(try identity(#", "rate": 0.001, "part": {"size": 8}, "parts": [], "watch": {"size": 4}"#) == "{}")
        #expect(try identity(#", "rate": 0.01, "part": {}"#) == #"{"rate": 0.01, "part": {}}"#)
        #expect(try identity(#", "part": {"size": 8, "verbose": true}"#) == "{}")
        #expect(try identity(#", "parts": [{"size": 4}, {"size": 5}]"#) == #"{"parts": [{}, {"size": 5}]}"#)
    }

    @Test func sectionThatIsGivenIsNotOneThatIsMissing() throws {
        #expect(try identity(#", "extra": {}"#) == #"{"extra": {}}"#)
        #expect(try identity(#", "extra": null"#) == "{}")
    }

    @Test func effectOfASectionGoesForItsKeys() throws {
        #expect(try identity(#", "watch": {"size": 9}"#) == "{}")
        #expect(
            try identity(#", "watch": {"size": 9, "verbose": true}"#, [.result, .measurement])
                == #"{"watch": {"size": 9}}"#)
        #expect(try identity("", [.result, .length]) == #"{"steps": 3}"#)
        #expect(try identity(#", "part": {"size": 8, "verbose": true}"#, [.nothing]) == #"{"name": "n"}"#)
    }

    @Test func keysAreListedByEffect() {
        #expect(ConfigReader.keys(of: Whole.self, affecting: [.nothing, .measurement]) == ["name", "watch"])
    }

    /// A default that was another one in earlier versions: what they computed keeps its identity.
    struct Changed: ConfigDecodable {
        let fits: Bool

        init(from reader: ConfigReader) throws {
            fits = try reader.boolean("fits", default: true, former: false, "A default that changed.")
        }
    }

    @Test(arguments: [
        ("{}", true, #"{"fits": true}"#), (#"{"fits": true}"#, true, #"{"fits": true}"#),
        (#"{"fits": false}"#, false, "{}"),
    ])
    func formerDefaultsAreLeftOutInsteadOfNewOnes(text: String, value: Bool, identity: String) throws {
        let (section, resolved) = try ConfigReader.decode(
            Changed.self, from: ConfigNode.parse(text, file: "test.json"))
        #expect(section.fits == value)
        #expect(resolved.identity(of: [.result]).lineText == identity)
    }

    @Test func unresolvedNodesAreTheirOwnIdentity() throws {
        let node = try ConfigNode.parse(#"{"a": [1, {"b": 2}]}"#, file: "test.json")
        #expect(node.identity(of: [.result]) == node)
    }
}
