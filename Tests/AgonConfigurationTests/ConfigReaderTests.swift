import AgonConfiguration
import AgonTestFiles
import Testing

@Suite struct ConfigReaderTests {
    static let full = """
        {
          "name": "cats", "seed": -7, "steps": 2e4, "rate": 1, "note": "n",
          "discriminator": {
            "layers": [
              {"type": "conv", "channels": 64, "kernel": [5, 3], "slope": 0, "bias": false},
              {"type": "residual", "layers": ["flatten", {"type": "around", "layer": "flatten"}], "scale": 0.1},
              "flatten",
            ],
            "norm": "batch", "pool": "average",
          },
          "optimizer": {"type": "sgd", "momentum": 0.9, "clip": 1e0},
          "evaluations": {"b": {"every": 5}, "a": {"sizes": [1, 2]}},
          "extra": {"anything": [1.50, null]},
        }
        """
    static let small =
        #"{"discriminator": {"layers": ["flatten", {"type": "conv", "channels": 1, "kernel": [4, 4]}]}}"#

    @Test func valuesAreRead() throws {
        let run = try decodeSample(Self.full).value
        #expect(run.name == "cats" && run.seed == -7 && run.steps == 20000 && run.rate == 1 && run.note == "n")
        guard case .convolution(64, (5, 3), 0, false) = run.discriminator.layers[0] else {
            Issue.record("read \(run.discriminator.layers[0])")
            return
        }
        guard case .residual(let inner, 0.1) = run.discriminator.layers[1], case .wrapped(.flatten) = inner[1] else {
            Issue.record("read \(run.discriminator.layers[1])")
            return
        }
        #expect(run.discriminator.norm == "batch" && run.discriminator.pool == .average)
        guard case .sgd(0.9) = run.optimizer.rule else {
            Issue.record("read \(run.optimizer)")
            return
        }
        #expect(run.optimizer.clip == 1)
        #expect(run.evaluations.map(\.name) == ["b", "a"] && run.evaluations[1].value.sizes == [1, 2])
        #expect(run.extra == ["anything": [ConfigNode(.number("1.50")), .null]])
    }

    @Test func defaultsFillIn() throws {
        let (run, resolved) = try decodeSample(Self.small)
        #expect(run.name == "run" && run.steps == 100 && run.rate == 2e-4 && run.note == nil && run.evaluations.isEmpty)
        guard case .adam(0.5, 0.999) = run.optimizer.rule else {
            Issue.record("read \(run.optimizer)")
            return
        }
        #expect(
            resolved.prettyText == """
                {
                  "name": "run",
                  "seed": 1,
                  "steps": 100,
                  "rate": 0.0002,
                  "discriminator": {
                    "layers": [
                      {"type": "flatten"},
                      {"type": "conv", "channels": 1, "kernel": 4, "slope": 0.2, "bias": true}
                    ],
                    "norm": "none"
                  },
                  "optimizer": {"type": "adam", "betas": [0.5, 0.999]},
                  "evaluations": {}
                }

                """)
    }

    @Test(arguments: [full, small])
    func decodingTheResolvedConfigResolvesToTheSameBytes(text: String) throws {
        let first = try decodeSample(text).resolved
        let again = try decodeSample(first.prettyText, file: "config.json").resolved
        #expect(again.prettyText == first.prettyText)
        #expect(again.digest == first.digest)
    }

    @Test func resolvedConfigsDoNotDependOnSpelling() throws {
        let one = try decodeSample(Self.small).resolved
        let two = try decodeSample(
            #"{"steps": 1e2, "note": null, "rate": 0.00020, "discriminator": {"norm": "none", "layers":"#
                + #" [{"type": "flatten"}, {"kernel": 4, "channels": 1.0, "type": "conv"}]}}"#
        ).resolved
        #expect(one.digest == two.digest)
        #expect(one.prettyText == two.prettyText)
    }

    struct Probing: ConfigDecodable {
        init(from reader: ConfigReader) throws {
            let hasA = reader.has("a")
            let a = try reader.optionalInteger("a", "A.")
            let list = try reader.optionalIntegers("list", "List.")
            _ = try reader.optionalIntegerOrPair("pair", in: 0..., "Pair.")
            _ = try reader.optionalStrings("words", count: ...2, "Words.")
            _ = try reader.choices("kinds", ["x", "y"], default: ["x"], "Kinds.")
            if hasA, a == 0, !reader.isDescribing { throw reader.fail("a", "zero") }
            if let list, let index = list.firstIndex(of: 0) { throw reader.fail("list", index: index, "zero") }
            if list == nil, a == nil, !reader.isDescribing { throw reader.fail("nothing given") }
        }
    }

    @Test(arguments: [
        (#"{"a":\#n0}"#, "x:2: a: zero"), (#"{"list": [1,\#n0]}"#, "x:2: list[1]: zero"),
        (#"{\#n"a": null}"#, "x:1: nothing given"),
        (#"{"a": 1, "words": ["", "", ""]}"#, "x:1: words: expected at most 2 elements, found 3"),
        (
            #"{"a": 1, "kinds": ["x", "z"]}"#,
            "x:1: kinds[1]: unknown choice 'z'. Available: x, y"
        ),
        (#"{"a": 1, "pair": -1}"#, "x:1: pair: -1 is out of range; expected an integer of at least 0"),
        (#"{"a": 1}"#, "no error"),
    ])
    func decodersReportTheirOwnErrorsInPlace(text: String, expected: String) {
        #expect(message { try ConfigReader.decode(Probing.self, from: .parse(text, file: "x")) } == expected)
    }

    /// A section that chooses by a `type` it reads itself.
    struct Schedule: ConfigDecodable {
        var type: String
        var warmup: Int
        init(from reader: ConfigReader) throws {
            warmup = try reader.integer("warmup", default: 0, "Steps.")
            type = try reader.choice("type", ["constant", "linear"], "Shape.")
        }
    }

    @Test func plainStringsAreTypesOfAnySectionThatReadsOne() throws {
        let (schedule, resolved) = try ConfigReader.decode(Schedule.self, from: "linear")
        #expect(schedule.type == "linear")
        #expect(resolved == ["warmup": 0, "type": "linear"])
    }

    @Test func defaultsPassTheSameChecks() {
        struct Wrong: ConfigDecodable {
            init(from reader: ConfigReader) throws { _ = try reader.integer("a", in: 1...2, default: 3, "A.") }
        }
        #expect(
            message { try ConfigReader.decode(Wrong.self, from: [:]) }
                == "built-in default: a: 3 is out of range; expected an integer from 1 to 2")
    }

    @Test func kindsMayBeRegisteredFromSeveralThreads() async throws {
        let registry = VariantRegistry<Int>(schemaName: "Number", noun: "number")
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask { registry.register("n\(index)", "Number \(index).") { _ in index } }
            }
        }
        #expect(registry.names.count == 200)
        #expect(registry.doc(of: "n7") == "Number 7.")
        #expect(try registry.decode(from: ConfigReader("n150")) == 150)
    }
}
