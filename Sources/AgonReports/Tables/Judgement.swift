import AgonStatistics
import AgonText

/// The verdict on a claim.
public struct Judgement: Sendable {
    public enum Verdict: Equatable, Sendable {
        case decided(StatisticalVerdict)
        /// With the reason, which continues the words "not tested".
        case notTested(String)

        /// `confirmed`, `not tested (n = 2)`
        public var text: String {
            switch self {
            case .decided(let verdict): verdict.rawValue
            case .notTested(let why): "not tested" + why
            }
        }
    }

    /// A comparison that the verdict rests on.
    public struct Effect: Equatable, Sendable {
        /// The estimate with its 95 % interval: `fid: A / B = 0.85 [0.71, 1.02], seeds apart`.
        let text: String
        /// Where the interval must lie for the claim to be confirmed: `below 1.1`.
        let margin: String
    }

    public let claim: String
    public let source: String?
    public internal(set) var verdict: Verdict
    public internal(set) var effects: [Effect] = []
    /// The fewest seeds of a row; nil without seeds.
    public internal(set) var count: Int?
    /// The share of the published steps that the shortest row has; nil if no length is published.
    public internal(set) var share: Double?
    /// The published figure.
    public internal(set) var published: String?

    var countText: String { count.map { "\($0)" } ?? (effects.isEmpty ? "–" : "none needed") }

    var shareText: String { share.map { NumberText.brief(100 * $0, digits: 3) + " %" } ?? "–" }
}
