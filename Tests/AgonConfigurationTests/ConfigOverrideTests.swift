import AgonConfiguration
import AgonTestFiles
import Testing

@Suite struct ConfigOverrideTests {
    static let base: ConfigNode = ["a": ["b": [1, ["c": 2], [3, 4]]], "s": "adam", "t": 1, "n": .null]

    static let changes: [(String, ConfigNode)] = [
        ("t=5", changed("t", 5)),
        ("a.b[1].c=0.25", changed("a", ["b": [1, ["c": 0.25], [3, 4]]])),
        ("a.b[2][0]=x", changed("a", ["b": [1, ["c": 2], ["x", 4]]])),
        (#"a={"z": [true,]}"#, changed("a", ["z": [true]])),
        ("s.beta=0", changed("s", ["type": "adam", "beta": 0])),
        ("n.x.y=false", changed("n", ["x": ["y": false]])),
        (#"u["v.w"]="#, changed("u", ["v.w": ""])),
    ]

    static func changed(_ key: String, _ value: ConfigNode) -> ConfigNode {
        var object = base.object ?? [:]
        object[key] = value
        return ConfigNode(object)
    }

    @Test(arguments: changes)
    func valuesAreSet(argument: String, expected: ConfigNode) throws {
        let changed = try Self.base.applying([argument])
        #expect(changed == expected)
    }

    @Test func valuesAreJSONOrElseBareStrings() throws {
        let cases: [(String, ConfigNode)] = [
            ("1", 1), (#""1""#, "1"), ("true", true), ("null", .null), ("nan", "nan"), ("adam", "adam"), ("a=b", "a=b"),
            ("[1,2]", [1, 2]), ("[1,2", "[1,2"), ("1 2", "1 2"), (" 3 ", 3), ("01", "01"),
        ]
        for (text, value) in cases { #expect(try ConfigOverride("k=\(text)").value == value) }
    }

    @Test(arguments: [
        ("t", "--set t: expected path=value, such as discriminator.layers[2].kernel=5"),
        ("=3", "--set =3: expected path=value, such as discriminator.layers[2].kernel=5"),
        ("a..b=3", "--set a..b=3: expected path=value, such as discriminator.layers[2].kernel=5"),
        ("a.b[3]=1", "--set a.b[3]=1: a.b[3]: index 3 is out of range; the array has 3 elements"),
        ("a.b[7].c=1", "--set a.b[7].c=1: a.b[7]: index 7 is out of range; the array has 3 elements"),
        ("t.x=1", "--set t.x=1: t: expected an object, found the number 1"),
        ("a.b.c=1", "--set a.b.c=1: a.b: expected an object, found an array of 3 elements"),
        ("a[0]=1", "--set a[0]=1: a: expected an array, found an object"),
    ])
    func whatCannotBeSetIsRefused(argument: String, expected: String) {
        #expect(message { try Self.base.applying([argument]) } == expected)
    }

    @Test func errorsInSetValuesShowTheArgument() throws {
        let node = try ConfigNode.parse(
            #"{"discriminator": {"layers": [{"type": "conv", "channels": 3}]}}"#, file: "x")
        func decoding(_ arguments: String...) -> String {
            message { try ConfigReader.decode(SampleRun.self, from: node.applying(arguments)) }
        }
        #expect(
            decoding("discriminator.layers[0].kernel=0")
                == "--set discriminator.layers[0].kernel=0: discriminator.layers[0].kernel:"
                + " 0 is out of range; expected an integer from 1 to 255")
        #expect(
            decoding("stepz=3") == "--set stepz=3: stepz: unknown key. Did you mean 'steps'?")
        #expect(
            decoding("steps=1", "steps=many")
                == #"--set steps=many: steps: expected an integer, found the string "many""#)
        #expect(decoding("steps=7", "optimizer=sgd", "optimizer.momentum=0.9") == "no error")
    }

    @Test func keysOfAFormerTypeNameTheWayToReplaceTheSection() throws {
        let node = try ConfigNode.parse(
            #"{"discriminator": {"layers": ["flatten"]}, "optimizer": {"type": "adam", "betas": [0, 0.9]}}"#, file: "x")
        func decoding(_ argument: String) -> String {
            message { try ConfigReader.decode(SampleRun.self, from: node.applying([argument])) }
        }
        #expect(
            decoding("optimizer.type=sgd")
                == "x:1: optimizer.betas: no key of type 'sgd'; to replace the whole section: --set optimizer=sgd")
        #expect(decoding("optimizer=sgd") == "no error")
    }

    @Test func laterArgumentsWin() throws {
        #expect(try Self.base.applying(["t=1", "t=2"])["t"] == 2)
    }
}
