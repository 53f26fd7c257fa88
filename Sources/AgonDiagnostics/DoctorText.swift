import AgonConfiguration

extension Diagnosis {
    /// For people.
    public var text: String {
        var lines: [String] = []
        let add = { (label: String, value: String) in
            lines.append(label + String(repeating: " ", count: 12 - label.count) + value)
        }
        add("processor", processorText)
        add("features", processor.featureNames.isEmpty ? "none known" : processor.featureNames.joined(separator: ", "))
        let cache = processor.level2CacheBytes
        add(
            "cores",
            "\(processor.usableCores) usable" + (cache > 0 ? ", \(cache >> 10) KiB of L2 cache each" : ""))
        if let totalMemory {
            let available = availableMemory.map { ", \(Self.gibibytes($0)) available" } ?? ""
            add("memory", Self.gibibytes(totalMemory) + available)
        }
        if let library {
            add("BLAS", library.path)
            if !library.configuration.isEmpty { add("", library.configuration) }
            add("core type", coreTypeText(of: library))
            add("threading", "\(library.threading); Agon computes each product on one thread")
            add("LAPACKE", library.hasLAPACK ? "found" : "missing")
        }
        if let speed {
            let all =
                speed.threads > 1
                ? ", \(Self.rate(speed.allThreads)) on \(speed.threads) at once"
                    + " (\(Self.rate(speed.allThreads / speed.oneThread)) times)" : ""
            add("speed", "\(Self.rate(speed.oneThread)) GFLOP/s on one thread\(all)")
        }
        lines.append("")
        let warnings = warnings
        if warnings.isEmpty { lines.append("all is well") }
        for warning in warnings {
            lines.append("warning: \(warning.problem)")
            lines.append("  remedy: \(warning.remedy)")
        }
        return lines.joined(separator: "\n")
    }

    private var processorText: String {
        let name = processor.brand.isEmpty ? processor.vendor : processor.brand
        guard processor.family > 0 else { return name.isEmpty ? "unknown" : name }
        return "\(name) (\(processor.vendor), family \(processor.family), model \(processor.model))"
    }

    private func coreTypeText(of library: Library) -> String {
        if library.coreType.isEmpty { return "not reported by this library" }
        if library.isCoreTypeChosenByAgon { return "\(library.coreType), chosen by Agon from the processor's features" }
        if library.isCoreTypeSetByUser { return "\(library.coreType), set by OPENBLAS_CORETYPE" }
        return "\(library.coreType), chosen by the library"
    }

    private static func gibibytes(_ bytes: Int) -> String { rate(Double(bytes) / Double(1 << 30)) + " GiB" }

    /// For programs; sizes in bytes, speeds in GFLOP/s.
    public var node: ConfigNode {
        var object = ConfigObject()
        object["processor"] = [
            "brand": ConfigNode(processor.brand), "vendor": ConfigNode(processor.vendor),
            "family": ConfigNode(processor.family), "model": ConfigNode(processor.model),
            "features": ConfigNode(processor.featureNames.map { ConfigNode($0) }),
            "usableCores": ConfigNode(processor.usableCores),
            "level2CacheBytes": ConfigNode(processor.level2CacheBytes),
        ]
        object["memory"] = [
            "total": totalMemory.map { ConfigNode($0) } ?? .null,
            "available": availableMemory.map { ConfigNode($0) } ?? .null,
        ]
        object["blas"] = library.map { ConfigNode(Self.object(of: $0)) } ?? .null
        object["blasError"] = libraryError.map { ConfigNode($0) } ?? .null
        object["speed"] =
            speed.map {
                [
                    "oneThread": .number($0.oneThread, decimals: 1), "allThreads": .number($0.allThreads, decimals: 1),
                    "threads": ConfigNode($0.threads),
                ]
            } ?? .null
        object["warnings"] = ConfigNode(
            warnings.map { ["problem": ConfigNode($0.problem), "remedy": ConfigNode($0.remedy)] })
        return ConfigNode(object)
    }

    private static func object(of library: Library) -> ConfigObject {
        [
            "library": ConfigNode(library.path), "version": ConfigNode(library.version),
            "configuration": ConfigNode(library.configuration), "coreType": ConfigNode(library.coreType),
            "requestedCoreType": ConfigNode(library.requestedCoreType),
            "coreTypeChosenByAgon": ConfigNode(library.isCoreTypeChosenByAgon),
            "threading": ConfigNode(library.threading), "lapacke": ConfigNode(library.hasLAPACK),
        ]
    }
}
