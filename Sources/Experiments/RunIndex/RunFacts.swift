import Configuration
import Foundation

/// A thing that is known of a run under a key: a value of its config, of its record, or of its curves.
struct RunFact: Equatable, Sendable {
    let key: String
    let text: String
    /// Nil for words.
    let number: Double?
    /// Whether it stands in the config.
    let isSetting: Bool

    init(_ key: String, _ text: String, isSetting: Bool = false) {
        self.key = key
        self.text = text
        self.isSetting = isSetting
        number = nil
    }

    init(_ key: String, _ number: Double, isSetting: Bool = false) {
        self.key = key
        self.number = number
        self.isSetting = isSetting
        text = number.isFinite ? ConfigNode(number).lineText : "\(number)"
    }
}

/// Everything that is known of a run, read from its folder.
///
/// - the config: `optimizer.learningRate`, `discriminator.layers[2].kernel`; a section's key alone is its type or name;
/// - the record: `run`, `state`, `step`, `steps`, `seconds`, `started`, `size` (bytes) and others;
/// - metrics: `metric.NAME` is the best value, `.step` its step, `.last` the newest;
/// - other curves, such as `loss.generator`: the newest value, `.least` and `.most`.
struct RunFacts {
    private(set) var facts: [RunFact] = []
    private var places: [String: Int] = [:]

    init(_ folder: RunFolder) {
        if let config = try? ConfigNode.load(path: folder.configPath) { add(config, at: .root) }
        addRecord(folder)
        addCurves(folder)
    }

    private mutating func add(_ fact: RunFact) {
        if let place = places[fact.key] {
            facts[place] = fact
        } else {
            places[fact.key] = facts.count
            facts.append(fact)
        }
    }

    // MARK: Config

    private mutating func add(_ node: ConfigNode, at path: ConfigPath) {
        let key = path.description
        switch node.content {
        case .object(let object):
            if let kind = object["type"]?.string ?? object["name"]?.string, !key.isEmpty { addSetting(key, kind) }
            for member in object.members { add(member.value, at: path.key(member.key)) }
        case .array(let elements):
            if elements.allSatisfy({ $0.object == nil && $0.array == nil }) { addSetting(key, node.lineText) }
            for (index, element) in elements.enumerated() { add(element, at: path.index(index)) }
        case .string(let text): addSetting(key, text)
        case .number: node.number.map { add(RunFact(key, $0, isSetting: true)) }
        case .boolean(let value): addSetting(key, value ? "true" : "false")
        case .null: break
        }
    }

    private mutating func addSetting(_ key: String, _ text: String) { add(RunFact(key, text, isSetting: true)) }

    // MARK: Record

    private mutating func addRecord(_ folder: RunFolder) {
        add(RunFact("run", folder.path))
        let record = try? ConfigNode.load(path: folder.recordPath)
        for key in ["step", "steps", "seconds", "stepsPerSecond", "threads", "resumes", "peakMemoryBytes"] {
            record?[key]?.number.map { add(RunFact(key, $0)) }
        }
        for key in ["state", "reason", "started", "ended"] { record?[key]?.string.map { add(RunFact(key, $0)) } }
        record?["git"]?["commit"]?.string.map { add(RunFact("commit", $0)) }
        record?["processor"]?["brand"]?.string.map { add(RunFact("processor", $0)) }
        add(RunFact("size", Double(DiskUse.bytes(below: folder.path))))

        let trials = (folder.path as NSString).deletingLastPathComponent
        guard (trials as NSString).lastPathComponent == "trials",
            let list = try? TrialList(SweepFolder(path: (trials as NSString).deletingLastPathComponent))
        else { return }
        add(RunFact("sweep", list.name))
        add(RunFact("trial", (folder.path as NSString).lastPathComponent))
    }

    // MARK: Curves

    private mutating func addCurves(_ folder: RunFolder) {
        let curves = MetricCurves(path: folder.metricsPath)
        if let step = curves.lastStep { raise("step", to: Double(step)) }
        let evaluations = EvaluationCurves(path: folder.path + "/evaluations.jsonl")
        for name in curves.names where !evaluations.covers(name) {
            if name.hasPrefix("metric.") { addMetric(name, curves[name]) } else { addCurve(name, curves[name]) }
        }
        for evaluation in evaluations.curves {
            addMetric(evaluation.key, evaluation.points)
            if let identity = evaluation.identity { add(RunFact(evaluation.key + ".identity", identity)) }
        }
    }

    private mutating func raise(_ key: String, to value: Double) {
        let former = places[key].flatMap { facts[$0].number } ?? 0
        add(RunFact(key, max(former, value)))
    }

    private mutating func addCurve(_ name: String, _ points: [(step: Int, value: Double)]) {
        guard let last = points.last else { return }
        let values = points.map(\.value)
        add(RunFact(name, last.value))
        add(RunFact(name + ".least", values.min() ?? last.value))
        add(RunFact(name + ".most", values.max() ?? last.value))
    }

    private mutating func addMetric(_ name: String, _ points: [(step: Int, value: Double)]) {
        guard let last = points.last else { return }
        let isBetter: (Double, Double) -> Bool = MetricGoal.of(name) == .least ? { $0 < $1 } : { $0 > $1 }
        let best = points.dropFirst().reduce(points[0]) { isBetter($1.value, $0.value) ? $1 : $0 }
        add(RunFact(name, best.value))
        add(RunFact(name + ".step", Double(best.step)))
        add(RunFact(name + ".last", last.value))
    }
}

/// Whether more of a metric is better.
public enum MetricGoal {
    /// What trainings on known modes log beside the metrics of evaluations.
    private static let others: [String: MedianRule.Goal] = [
        "modes.covered": .most, "modes.share": .most, "modes.highQuality": .most, "modes.divergence": .least,
        "accuracy": .most,
    ]

    /// The goal of a metric by its key, such as `metric.fcd-lenet` or `metric.fcd-lenet.last`; nil for what is no
    /// metric that is known.
    public static func known(_ key: String) -> MedianRule.Goal? {
        var name = key.hasPrefix("metric.") ? key.dropFirst(7) : key[...]
        name = name.prefix { $0 != "@" }
        if name.hasSuffix(".last") { name = name.dropLast(5) }
        return EvaluationMetric.isBetterSmaller(String(name)).map { $0 ? .least : .most } ?? others[String(name)]
    }

    static func of(_ key: String) -> MedianRule.Goal { known(key) ?? .least }
}

/// The values in a run's evaluations.jsonl. Those of one metric that were computed otherwise (other samples, another
/// extractor) are curves of their own: the one with most values has the metric's name, others have `@IDENTITY` added.
struct EvaluationCurves {
    struct Curve {
        var key: String
        var identity: String?
        var points: [(step: Int, value: Double)]
    }

    private(set) var curves: [Curve] = []

    init(path: String) {
        var lines = MetricLines(path: path)
        var found: [Curve] = []
        for line in lines.next() {
            guard let step = line["step"]?.integer, let metric = line["metric"]?.string,
                let value = line["value"]?.number
            else { continue }
            let key = metric.hasPrefix("metric.") ? metric : "metric." + metric
            let identity = line["identityHash"]?.string
            if let place = found.firstIndex(where: { $0.key == key && $0.identity == identity }) {
                found[place].points.append((step, value))
            } else {
                found.append(Curve(key: key, identity: identity, points: [(step, value)]))
            }
        }
        for curve in found {
            var curve = curve
            // A step that was evaluated again counts once, by its last value.
            var latest: [Int: Double] = [:]
            for point in curve.points { latest[point.step] = point.value }
            curve.points = latest.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            let rivals = found.filter { $0.key == curve.key }
            let leading = rivals.max { $0.points.count < $1.points.count }
            if let identity = curve.identity, leading?.identity != identity { curve.key += "@" + identity }
            curves.append(curve)
        }
    }

    func covers(_ key: String) -> Bool { curves.contains { $0.key == key } }
}

/// The bytes that a folder takes on the disk.
enum DiskUse {
    static func bytes(below path: String) -> Int {
        guard let entries = FileManager.default.enumerator(atPath: path) else { return 0 }
        var total = 0
        while let name = entries.nextObject() as? String {
            var status = stat()
            if lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                total += Int(status.st_blocks) * 512
            }
        }
        return total
    }
}
