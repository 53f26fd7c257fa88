import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonSweeps
import Foundation

/// A fact about a run under a key: a value of its config, its record, or its curves.
struct RunFact: Equatable, Sendable {
    let key: String
    let text: String
    /// Nil for text.
    let number: Double?
    /// Whether it comes from the config.
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

/// All facts about a run, read from its folder.
///
/// - the config: `optimizer.learningRate`, `discriminator.layers[2].kernel`; a section's key alone: its type or name;
/// - the record: `run`, `state`, `step`, `steps`, `seconds`, `started`, `size` (bytes) and others;
/// - for a sweep's trial: `sweep`, `trial`, and the values of the sweep's axes under their names, prefixed with `axis.`
///   if the name is taken above;
/// - metrics: `metric.NAME` is the best value, `.step` its step, `.last` the latest, `.identity` how they were
///   measured; `metric.NAME@IDENTITY` is the same for values measured in another way;
/// - other curves, such as `loss.generator`: the latest value, `.minimize` and `.maximize`.
struct RunFacts {
    /// One of the ways in which a metric was measured.
    struct Way: Sendable {
        /// `metric.fid-lenet`
        let metric: String
        let identity: String
        /// The key of its values: the metric's for the leading way, else with `@IDENTITY`.
        let key: String
        let isOfTraining: Bool
    }

    private(set) var facts: [RunFact] = []
    private(set) var ways: [Way] = []
    private var places: [String: Int] = [:]

    /// - Parameter sweeps: the lists of sweeps that were read before.
    init(_ folder: RunFolder, sweeps: SweepLists = SweepLists()) {
        if let config = try? ConfigNode.load(path: folder.configPath) { add(config, at: .root) }
        addRecord(folder)
        addSweep(folder, sweeps)
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
        if let record = folder.record {
            addNumber("step", Double(record.step))
            addNumber("steps", record.steps.map(Double.init))
            addNumber("seconds", record.seconds)
            addNumber("stepsPerSecond", record.stepsPerSecond)
            addNumber("threads", record.threads.map(Double.init))
            addNumber("resumes", Double(record.resumes))
            addNumber("peakMemoryBytes", record.trainingMemoryBytes.map(Double.init))
            addText("state", record.state.rawValue)
            addText("reason", record.reason)
            addText("started", record.started)
            addText("ended", record.ended)
            addText("commit", record.git?.commit)
            addText("processor", record.processor?.brand)
        }
        add(RunFact("size", Double(DiskUse.bytes(below: folder.path))))
    }

    private mutating func addNumber(_ key: String, _ value: Double?) { if let value { add(RunFact(key, value)) } }
    private mutating func addText(_ key: String, _ value: String?) { if let value { add(RunFact(key, value)) } }

    // MARK: Sweep

    private mutating func addSweep(_ folder: RunFolder, _ sweeps: SweepLists) {
        guard let list = folder.sweep.flatMap({ sweeps[$0] }) else { return }
        let id = (folder.path as NSString).lastPathComponent
        add(RunFact("sweep", list.name))
        add(RunFact("trial", id))
        for setting in list.settings[id] ?? [] {
            let namesake = places[setting.axis].map { facts[$0] }
            let key = namesake == nil ? setting.axis : Self.key(ofAxis: setting.axis)
            let value = setting.value
            let fact = value.number.map { RunFact(key, $0) } ?? RunFact(key, value.string ?? value.lineText)
            // Axes that are paths of keys are in the config already; names of cases and configs are text.
            let isPath = namesake?.text == fact.text || value.object != nil || value.array != nil
            if let namesake, namesake.isSetting, isPath { continue }
            add(fact)
        }
    }

    /// The key of an axis whose name is taken, such as `size`.
    static func key(ofAxis name: String) -> String { "axis." + name }

    // MARK: Curves

    private mutating func addCurves(_ folder: RunFolder) {
        // Logs may be long; only their extremes are facts.
        let extremes = MetricExtremes(path: folder.metricsPath)
        if let step = extremes.lastStep { raise("step", to: Double(step)) }
        for curve in extremes.curves {
            add(RunFact(curve.name, curve.last))
            add(RunFact(curve.name + ".minimize", curve.lowest))
            add(RunFact(curve.name + ".maximize", curve.highest))
        }
        for (key, curve) in EvaluationCurves(of: folder).named {
            addMetric(key, curve)
            add(RunFact(key + ".identity", curve.identity.hash))
            ways.append(
                Way(
                    metric: EvaluationCurve.key(of: curve.metric), identity: curve.identity.hash, key: key,
                    isOfTraining: curve.isOfTraining))
        }
    }

    private mutating func raise(_ key: String, to value: Double) {
        let former = places[key].flatMap { facts[$0].number } ?? 0
        add(RunFact(key, max(former, value)))
    }

    private mutating func addMetric(_ key: String, _ curve: EvaluationCurve) {
        guard let best = curve.best(MetricGoal.usual(for: key)), let last = curve.points.last else { return }
        add(RunFact(key, best.value))
        add(RunFact(key + ".step", Double(best.step)))
        add(RunFact(key + ".last", last.value))
    }
}
