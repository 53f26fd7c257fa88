import AgonConfiguration
import AgonOptimizers
import Testing

@Suite struct LearningRateScheduleTests {
    @Test(
        arguments: [
            (#""constant""#, [(0, 1.0), (1_000_000, 1)]),
            (
                #"{"type": "linear", "start": 2, "end": 6, "factor": 0.2}"#,
                [(0, 1.0), (2, 1), (3, 0.8), (4, 0.6), (6, 0.2), (99, 0.2)]
            ),
            (#"{"type": "linear", "end": 4}"#, [(0, 1.0), (1, 0.75), (4, 0), (5, 0)]),
            (#"{"type": "step", "every": 3, "factor": 0.5}"#, [(0, 1.0), (2, 1), (3, 0.5), (5, 0.5), (6, 0.25)]),
            (
                #"{"type": "multi-step", "at": [2, 5], "factor": 0.1}"#,
                [(1, 1.0), (2, 0.1), (4, 0.1), (5, 0.01), (50, 0.01)]
            ),
            (
                #"{"type": "cosine", "end": 4, "factor": 0.5}"#,
                [(0, 1.0), (1, 0.9267766952966369), (2, 0.75), (4, 0.5), (9, 0.5)]
            ),
            (#"{"type": "constant", "warmup": 4}"#, [(0, 0.25), (1, 0.5), (3, 1), (4, 1)]),
            (#"{"type": "linear", "end": 4, "warmup": 2}"#, [(0, 0.5), (1, 0.75), (2, 0.5)]),
        ] as [(String, [(Int, Double)])])
    func factorsFollowTheCurve(text: String, factors: [(Int, Double)]) throws {
        let node = try ConfigNode.parse(text, file: "test.json")
        let schedule = try ConfigReader.decode(LearningRateSchedule.self, from: node).value
        for (updates, factor) in factors {
            #expect(
                abs(schedule.factor(after: updates) - factor) < 1e-12,
                "\(text) after \(updates): \(schedule.factor(after: updates))")
        }
    }
}
