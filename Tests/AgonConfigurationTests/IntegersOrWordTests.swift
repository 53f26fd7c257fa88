import AgonConfiguration
import AgonTestFiles
import Testing

@Suite struct IntegersOrWordTests {
    private struct Edges: ConfigDecodable {
        let padding: IntegersOrWord
        let crop: IntegersOrWord

        init(from reader: ConfigReader) throws {
            padding = try reader.integersOrWord(
                "padding", counts: [2, 4], in: 0...9, words: ["same", "full"], default: 0, "Pixels around.")
            crop = try reader.integersOrWord("crop", counts: [2], default: [1, 2], "Pixels off.")
        }
    }

    @Test(arguments: [
        ("{}", IntegersOrWord.integers([0]), "0"), (#"{"padding": 3e0}"#, .integers([3]), "3"),
        (#"{"padding": [1, 2]}"#, .integers([1, 2]), "[1, 2]"),
        (#"{"padding": [1, 1, 2, 2]}"#, .integers([1, 1, 2, 2]), "[1, 1, 2, 2]"),
        (#"{"padding": "same"}"#, .word("same"), "\"same\""),
    ])
    func eachFormIsReadAndResolved(text: String, value: IntegersOrWord, resolved: String) throws {
        let (edges, full) = try ConfigReader.decode(Edges.self, from: .parse(text, file: "x"))
        #expect(edges.padding == value)
        #expect(full.object?["padding"]?.lineText == resolved)
        #expect(try ConfigReader.decode(Edges.self, from: full).resolved == full)
    }

    @Test(arguments: [
        (#"{"padding": 10}"#, "x:1: padding: 10 is out of range; expected an integer from 0 to 9"),
        (#"{"padding": [1, -1]}"#, "x:1: padding[1]: -1 is out of range; expected an integer from 0 to 9"),
        (#"{"padding": [1, "a"]}"#, "x:1: padding[1]: expected an integer, found the string \"a\""),
        (#"{"padding": [1]}"#, "x:1: padding: expected an integer, or 2 or 4 of them, found 1"),
        (#"{"padding": "sam"}"#, "x:1: padding: unknown choice 'sam'. Did you mean 'same'? Available: same, full"),
        (
            #"{"padding": true}"#,
            "x:1: padding: expected an integer, or an array of 2 or 4 integers, or \"same\", or \"full\", found true"
        ),
        (#"{"crop": "same"}"#, "x:1: crop: expected an integer, or an array of 2 integers, found the string \"same\""),
    ])
    func otherValuesAreRefused(text: String, expected: String) {
        #expect(message { try ConfigReader.decode(Edges.self, from: .parse(text, file: "x")) } == expected)
    }

    @Test func theSchemaListsTheForms() throws {
        let schema = try JSONSchema.describe(Edges.self, title: "Edges", id: "https://example.org/edges.json")
        let properties = try #require(schema.object?["properties"]?.object)
        #expect(
            properties["padding"]?.lineText
                == #"{"description": "Pixels around.", "anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "minItems": 2, "maxItems": 2}, {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "minItems": 4, "maxItems": 4}, {"type": "string", "enum": ["same", "full"]}], "default": 0}"#
        )
        #expect(
            properties["crop"]?.lineText
                == #"{"description": "Pixels off.", "anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}], "default": [1, 2]}"#
        )
    }
}
