import AgonConfiguration
import AgonTensors
import AgonText

/// The part of a dataset to use.
public enum DatasetSplit: String, Hashable, Sendable, CaseIterable {
    /// The training samples without the held-out ones.
    case train
    /// The dataset's own test samples, or the held-out samples if it has none.
    case test
    /// The samples held out from the training samples.
    case validation
}

/// Which samples a limit takes.
public enum LimitOrder: String, Hashable, Sendable, CaseIterable {
    /// The first in the order of the files.
    case source
    /// The first of each class in turn.
    case classes
}

/// A class, given by its name or by its index.
public enum ClassReference: Hashable, Sendable {
    case name(String)
    case index(Int)

    /// The index of the class among the names of all.
    ///
    /// Throws: `DatasetError.unknownClass`.
    package func index(in names: [String], origin: String) throws -> Int {
        switch self {
        case .index(let index):
            guard names.indices.contains(index) else {
                throw DatasetError.unknownClass(String(index), nearest: nil, classes: names, origin: origin)
            }
            return index
        case .name(let name):
            let lowered = name.lowercased()
            let exact = names.firstIndex(of: name)
            if let index = exact ?? names.firstIndex(where: { $0.lowercased() == lowered }) { return index }
            throw DatasetError.unknownClass(
                name, nearest: nearestName(to: name, in: names), classes: names, origin: origin)
        }
    }
}

/// The selected samples of a source and the remaining classes.
///
/// The selection separates held-out samples, filters classes, and takes at most `limit` samples, in this order.
public struct SampleSelection: Sendable {
    /// Indices into the source, in its order.
    public let indices: [Int]
    /// The names of the remaining classes, renumbered from 0 in the original order.
    public let classNames: [String]
    /// The new index of each remaining class.
    let classMap: [Int: Int32]
    /// What a limit leaves; nil if it leaves all.
    let note: String?

    /// - Parameter holdout: nil to use all samples of the source; else the fraction to hold out, whether to use the
    ///   held-out samples or the rest, and the random seed.
    /// - Parameter origin: the name of the source in messages.
    ///
    /// Throws: `DatasetError.unknownClass`, `.noLabels`, `.emptySelection`.
    public init(
        count: Int, labels: [Int32]?, classNames: [String], classes: [ClassReference]? = nil, limit: Int? = nil,
        limitOrder: LimitOrder = .source,
        holdout: (fraction: Double, isWanted: Bool, seed: UInt64)? = nil, origin: String
    ) throws {
        var chosen = Array(0..<count)
        if let holdout {
            // If there are at least two samples, at least one is held out and one remains, so that no split is silently
            // empty.
            let size = min(max(Int((Double(count) * holdout.fraction).rounded()), 1), max(count - 1, 0))
            let order = RandomStream(seed: holdout.seed, purpose: "holdout").permutation(count: count)
            chosen = (holdout.isWanted ? order[..<size] : order[size...]).sorted()
        }
        var names = classNames
        var map: [Int: Int32] = [:]
        if let classes {
            guard let labels, !classNames.isEmpty else { throw DatasetError.noLabels(origin: origin) }
            let kept = try Set(classes.map { try $0.index(in: classNames, origin: origin) }).sorted()
            names = kept.map { classNames[$0] }
            for (position, index) in kept.enumerated() { map[index] = Int32(position) }
            chosen = chosen.filter { map[Int(labels[$0])] != nil }
        }
        if let limit, limit < chosen.count {
            let all = chosen
            switch (limitOrder, labels) {
            case (.classes, let labels?): chosen = Self.firstOfClasses(limit, of: all, labels: labels)
            case (.classes, nil): throw DatasetError.noLabels(origin: origin, key: "limitOrder")
            case (.source, _): chosen = Array(all.prefix(limit))
            }
            note = Self.note(on: chosen, of: all, labels: labels, advises: limitOrder == .source)
        } else {
            note = nil
        }
        guard !chosen.isEmpty else { throw DatasetError.emptySelection(origin: origin) }
        indices = chosen
        self.classNames = names
        classMap = map
    }

    /// The first samples of each class in turn; those of lower classes count first.
    private static func firstOfClasses(_ count: Int, of samples: [Int], labels: [Int32]) -> [Int] {
        var ranks: [Int32: Int] = [:]
        let ranked = samples.map { sample in
            let rank = ranks[labels[sample], default: 0]
            ranks[labels[sample]] = rank + 1
            return (rank: rank, label: labels[sample], sample: sample)
        }
        return ranked.sorted { ($0.rank, $0.label) < ($1.rank, $1.label) }.prefix(count).map(\.sample).sorted()
    }

    /// How many samples of how many classes a limit leaves.
    ///
    /// - Parameter advises: whether to name the setting that would leave more classes.
    private static func note(on kept: [Int], of samples: [Int], labels: [Int32]?, advises: Bool) -> String {
        let sum = "limit: \(kept.count) of \(CountText.short(samples.count, "sample"))"
        guard let labels else { return sum }
        let (left, all) = (Set(kept.map { labels[$0] }).count, Set(samples.map { labels[$0] }).count)
        guard left < all else { return sum }
        return sum + ", of \(left) of \(all) classes"
            + (advises ? "; \"limitOrder\": \"classes\" takes the first of each" : "")
    }
}
