import AgonAdversarial
import AgonConfiguration
import AgonExperiments
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonTraining

/// A lazy penalty as training runs it.
@Suite struct LazyPenaltyTrainingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(
        _ name: String, _ overrides: [String], stopAt: Int? = nil, resumes: Bool = false
    ) throws -> String {
        let run = folder.path + "/" + name
        var options = TinyExperiment.options(run, resumes: resumes)
        let stop = StopRequest()
        options.stop = stop
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(
            ["steps=12", "log.every=1", "checkpoints.every=1"] + overrides)
        _ = try TrainingRun.run(Experiment(node), options: options) { event in
            if case .progress(let progress) = event, progress.step == stopAt { stop.request() }
        }
        return run
    }

    /// The number of each line; nil where it has none.
    private func scalars(_ run: String, _ name: String) throws -> [Double?] {
        try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
            try ConfigNode.parse(String($0), file: "metrics")[name]?.number
        }
    }

    private static let penalty = #"penalty={"type": "r1", "gamma": 2, "every": 3}"#
    private static let lists = [
        [], [#"objective={"type": "gan", "latents": "fresh"}"#, #"updates={"discriminator": 2}"#],
        [#"objective={"type": "gan", "latents": "per-iteration"}"#, #"updates={"generator": 2}"#],
        [
            "objective=gan",
            #"tricks={"updateRule": {"discriminatorAbove": 0.7}, "labels": {"reversal": {"steps": 2}}}"#,
        ],
    ]

    @Test(arguments: lists) func aStoppedRunEndsInTheSameBytes(overrides: [String]) throws {
        let overrides = overrides + [Self.penalty]
        let whole = try train("whole", overrides)
        var parts = try train("parts", overrides, stopAt: 4)
        parts = try train("parts", overrides, stopAt: 8, resumes: true)
        parts = try train("parts", overrides, resumes: true)
        let checkpoint = "/checkpoints/step-0000012.safetensors"
        #expect(bytes(whole + checkpoint) != nil)
        #expect(bytes(whole + checkpoint) == bytes(parts + checkpoint))
        #expect(try scalars(whole, "loss.penalty") == scalars(parts, "loss.penalty"))
    }

    @Test func theLogShowsThePenaltyOnlyWhereALineHasANewOne() throws {
        let penalties = try scalars(train("run", [Self.penalty]), "loss.penalty")
        #expect(penalties.map { $0 != nil } == (0..<12).map { $0 % 3 == 0 })
        #expect(Set(penalties.compactMap(\.self)).count == 4)
        // Lines at steps 1, 2, 4 and so on: the penalties of steps 1, 4, 7 and 10 appear at the next line.
        let thinned = try scalars(train("thinned", [Self.penalty, "log.every=2"]), "loss.penalty")
        #expect(thinned == [penalties[0], nil, penalties[3], nil, penalties[6], penalties[9], nil])
    }

    @Test(arguments: [("gan", "loss.discriminator"), ("selfgan", "loss")])
    func theLoggedLossNeverHasALazyPenalty(objective: String, name: String) throws {
        // The loss of the first step does not depend on the penalty, which dwarfs it at this weight.
        let settings = #"penalty={"type": "r1", "gamma": 1e6, "every": 3}"#
        let lazy = try train("lazy", [settings, "steps=1", "objective=\(objective)"])
        let free = try train("free", ["steps=1", "objective=\(objective)"])
        let (loss, expected) = (try #require(try scalars(lazy, name)[0]), try #require(try scalars(free, name)[0]))
        #expect(abs(loss - expected) < 1e-5 * abs(expected), "\(loss), \(expected)")
        let penalty = try #require(try scalars(lazy, "loss.penalty")[0])
        #expect(penalty > 100, "\(penalty)")
    }

    private func weights(_ run: String, step: Int) throws -> [Float] {
        let checkpoint = run + "/checkpoints/step-\(String(format: "%07d", step)).safetensors"
        return try SafetensorsFile(path: checkpoint).tensor("discriminator.0.weight").values
    }

    @Test func theFirstUpdateHasThePenaltyTimesItsInterval() throws {
        let lazy = try train("lazy", [#"penalty={"type": "r1", "gamma": 2, "every": 100}"#, "steps=1"])
        let heavy = try train("heavy", [#"penalty={"type": "r1", "gamma": 200}"#, "steps=1"])
        let (found, expected) = (try weights(lazy, step: 1), try weights(heavy, step: 1))
        try #require(found.count == 32 && expected.count == 32)
        // Rounding alone, at a learning rate of 0.01.
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// A discriminator that scores everything 0 has a penalty of 0 with a gradient of 0, whatever its weight. So the
    /// first update, which has the penalty, moves the weights as without one, and so do the others, unless they have it
    /// too.
    @Test func otherUpdatesAreThoseWithoutAPenalty() throws {
        let flat = #"discriminator.layers[3].initialization={"weights": {"type": "constant", "value": 0}}"#
        func trained(_ name: String, _ overrides: String...) throws -> [Float] {
            try weights(train(name, [flat, "steps=6"] + overrides), step: 6)
        }
        let free = try trained("free")
        let rare = try trained("rare", #"penalty={"type": "r1", "gamma": 1000, "every": 6}"#)
        try #require(free.count == 32 && rare.count == 32)
        #expect(zip(free, rare).allSatisfy { abs($0 - $1) < 1e-6 })
        let always = try trained("always", #"penalty={"type": "r1", "gamma": 1000}"#)
        #expect(zip(free, always).contains { abs($0 - $1) > 1e-3 })
    }
}
