import AgonConfiguration
import AgonSweeps

/// What a sweep says about a trial, whether or not it was run.
struct TrialDefinition: Sendable {
    /// The values of the sweep's axes, the seed last.
    let settings: [(axis: String, value: ConfigNode)]
    /// The config it starts from: `gas/original`.
    let base: String
    /// The sweep's name in rows: its file's name without `.json`.
    let sweep: String
    /// The resolved config; empty if it is not known.
    let config: ConfigNode
    /// Whether its folder was deleted.
    var isDeleted = false

    /// The settings except the seed.
    var variant: [(axis: String, value: ConfigNode)] { settings.filter { $0.axis != "seed" } }

    /// `size=large seed=1`
    var label: String { SweepTrial.label(settings) }

    /// Nil if neither an axis nor the config sets it.
    var seed: Int? { settings.first { $0.axis == "seed" }?.value.integer ?? config["seed"]?.integer }

    /// Whether it says enough to tell if the trial belongs to a row: without its config, only its axes are known.
    func knows(_ row: TableRow) -> Bool {
        guard isDeleted, config.object?.isEmpty ?? true else { return true }
        return row.conditions.allSatisfy { condition in
            ["base", "sweep"].contains(condition.key) || settings.contains { $0.axis == condition.key }
        }
    }

    /// The value of an axis, a path of config keys, `base` or `sweep`.
    func value(of key: String) -> ConfigNode? {
        if let setting = settings.first(where: { $0.axis == key }) { return setting.value }
        switch key {
        case "base": return ConfigNode(base)
        case "sweep": return ConfigNode(sweep)
        default: return ConfigPath(key).flatMap { config.value(at: $0) }
        }
    }
}

extension TrialDefinition {
    init(_ trial: SweepTrial, of sweep: Sweep) {
        self.init(
            settings: trial.settings, base: trial.base, sweep: RecordedSweep.label(of: sweep.file),
            config: trial.experiment.resolved)
    }
}
