import AgonConfiguration
import Testing

@Suite struct ConfigNodeTests {
    @Test func commentsTrailingCommasAndByteOrderMarkAreTaken() throws {
        let text = "\u{FEFF}// head\r\n{ /* a */ \"a\": [1, 2, ], // b\n \"b\": {\"c\": null,}, /** **/ } // end"
        let node = try ConfigNode.parse(text, file: "x")
        #expect(node == ["a": [1, 2], "b": ["c": .null]])
        #expect(node["b"]?["c"]?.source == ConfigSource(file: "x", line: 3, column: 13))
        #expect(node["a"]?.array?.first?.source.line == 2)
    }

    @Test func columnsOfTheFirstLineDoNotCountTheByteOrderMark() throws {
        #expect(try ConfigNode.parse("\u{FEFF}1", file: "x").source.column == 1)
    }

    @Test func escapesAreRead() throws {
        let node = try ConfigNode.parse(#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\u0000é""#, file: "x")
        #expect(node.string == "\"\\/\u{8}\u{C}\n\r\tA😀\0é")
    }

    @Test func nestingUpToTheLimitIsRead() throws {
        let text = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        #expect(try ConfigNode.parse(text, file: "x").lineText == text)
    }

    @Test(arguments: [
        ("20000", 20000), ("2e4", 20000), ("2.5e1", 25), ("100e-2", 1), ("-0", 0), ("0e999999999999999999999", 0),
        ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ("9007199254740993", 9_007_199_254_740_993),
        ("1.0", 1),
    ])
    func integersAreExact(text: String, expected: Int) throws {
        #expect(try ConfigNode.parse(text, file: "x").integer == expected)
    }

    @Test(arguments: [
        "1.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e300", "1e-999999999999999999999",
    ])
    func otherNumbersAreNoIntegers(text: String) throws {
        #expect(try ConfigNode.parse(text, file: "x").integer == nil)
    }

    static let texts = [
        "{}", "[]", "null", "true", "\"\"", "{\"a\":{}}",
        "{\"z\":1,\"a\":[2e-4,1E+5,-0,0.10,123456789012345678901234567890]}",
        "{\"\":{\"\\u0000\\\"\\\\/\\n\":\"\u{2028}😀\u{7F}\"}}", "[[[[\"a\",[],{}],false],null]]",
        "[" + (0..<60).map { "\($0)" }.joined(separator: ", ") + "]",
        "{\"k\": [" + (0..<9).map { "{\"type\":\"conv\",\"channels\":\($0),\"kernel\":[3,3]}" }.joined(separator: ",")
            + "]}",
    ]

    @Test(arguments: texts)
    func textRoundTripsExactly(text: String) throws {
        let node = try ConfigNode.parse(text, file: "x")
        for printed in [node.prettyText, node.lineText] {
            let again = try ConfigNode.parse(printed, file: "y")
            #expect(again == node)
            #expect(again.prettyText == node.prettyText)
        }
        let canonical = try ConfigNode.parse(node.canonicalText, file: "z")
        #expect(canonical.canonicalText == node.canonicalText)
    }

    /// Random trees, printed and read back.
    @Test func randomTreesRoundTrip() throws {
        var state: UInt64 = 1
        func random(_ count: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % count
        }
        func tree(_ depth: Int) -> ConfigNode {
            switch random(depth > 4 ? 4 : 6) {
            case 0: return ConfigNode(Int(bitPattern: UInt(random(1 << 31))) - 1 << 30)
            case 1: return ConfigNode(Double(random(1 << 31)) / 1e7)
            case 2:
                return ConfigNode(
                    String(
                        String.UnicodeScalarView(
                            (0..<random(9)).compactMap { _ in Unicode.Scalar(UInt32(random(700))) })))
            case 3: return random(2) == 0 ? .null : ConfigNode(random(2) == 0)
            case 4: return ConfigNode((0..<random(7)).map { _ in tree(depth + 1) })
            default:
                var object = ConfigObject()
                for _ in 0..<random(7) { object["k\(random(1000))"] = tree(depth + 1) }
                return ConfigNode(object)
            }
        }
        for _ in 0..<200 {
            let node = tree(0)
            #expect(try ConfigNode.parse(node.prettyText, file: "x") == node)
            #expect(try ConfigNode.parse(node.canonicalText, file: "x").canonicalText == node.canonicalText)
        }
    }

    @Test func prettyTextKeepsLinesWithinAHundredColumns() throws {
        let short: ConfigNode = ["a": [1, 2, 3], "b": ["type": "conv", "kernel": 3]]
        #expect(short.prettyText == "{\n  \"a\": [1, 2, 3],\n  \"b\": {\"type\": \"conv\", \"kernel\": 3}\n}\n")
        // Two of indentation, `"a": `, the brackets and the comma after them leave room for the rest of 100 columns.
        for (letters, lines) in [(88, 4), (89, 6)] {
            let node: ConfigNode = ["a": [ConfigNode(String(repeating: "x", count: letters))], "b": 1]
            let text = node.prettyText
            #expect(text.split(separator: "\n").count == lines)
            #expect(text.split(separator: "\n").map(\.count).max() == (lines == 4 ? 100 : 4 + letters + 2))
        }
    }

    @Test func canonicalTextAndDigestDependOnMeaningAlone() throws {
        let one = try ConfigNode.parse("{\"b\": 2e4, \"a\": [1.0, 0.10, 1e-5], \"é\": 1}", file: "x")
        let two = try ConfigNode.parse("// other\n{\"é\":1,\"a\":[1,0.1,0.00001],\"b\":20000}", file: "y")
        #expect(one.canonicalText == "{\"a\":[1,0.1,1e-05],\"b\":20000,\"é\":1}")
        #expect(one.canonicalText == two.canonicalText)
        #expect(one.digest == two.digest)
        #expect(one.digest.count == 64)
        #expect(one.digest != (["b": 20001] as ConfigNode).digest)
    }

    @Test func removingAKeyKeepsTheOthersInOrder() {
        var object: ConfigObject = ["a": 1, "b": 2, "c": 3]
        object["a"] = nil
        object["b"] = 5
        object["d"] = 4
        #expect(object.keys == ["b", "c", "d"])
        #expect(object["c"] == 3 && object["b"] == 5 && object["a"] == nil)
    }

    @Test(arguments: ["a", "a.b[2].c", "a[0][1]", "a[\"x.y\"].b", "[\"\"]", "_a-b.$c", "größe.x", "a[\"=]\\\"\"]"])
    func pathsRoundTrip(text: String) {
        #expect(ConfigPath(text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[1", "a[x]", "a[99999999999999999999]", "a b", "a]",
    ])
    func malformedPathsAreRefused(text: String) {
        #expect(ConfigPath(text) == nil)
    }
}
