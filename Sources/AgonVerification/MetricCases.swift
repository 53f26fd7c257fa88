import AgonConfiguration
import AgonMetrics
import AgonTensors

extension RecordedCase {
    /// A metric of arrays of features.
    func replayMetric(_ recorded: RecordedCase) throws {
        switch operation {
        case "fid":
            // Singular covariances: the reference itself is only that good, and says so.
            if try attributes.optionalString("note", "What the case is about.")?.contains("within 1e-3 relative")
                == true
            {
                bound = 1e-3
            }
            try compare("value", [try FrechetDistance.between(real: features("real"), fake: features("fake"))])
        case "kid":
            let degree = try attributes.integer("degree", default: 3, "Of the polynomial kernel.")
            guard degree == 3 else {
                throw RecordedCaseError.unsupported(attribute: "degree", value: "\(degree)", expected: "3")
            }
            try compare("value", [try KernelInceptionDistance.between(real: features("real"), fake: features("fake"))])
        case "prdc":
            _ = try attributes.optionalString("order", "The order of the values.")
            let scores = try PrecisionRecallDensityCoverage(
                real: features("real"), fake: features("fake"),
                neighbours: attributes.integer("k", in: 1..., default: 5, "Neighbours."))
            try compare("value", [scores.precision, scores.recall, scores.density, scores.coverage])
        case "inception_score":
            let splits = try attributes.integer("splits", in: 1..., default: 1, "Parts with a score each.")
            try compare("value", [try InceptionScore.of(probabilities: features("probabilities"), splits: splits).mean])
        default:
            throw RecordedCaseError.unknown("metric", operation, known: ["fid", "inception_score", "kid", "prdc"])
        }
    }

    private func features(_ name: String) throws -> Features { Features(try tensor(name, rank: 2)) }
}
