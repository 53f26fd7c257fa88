/// What a key's value affects, as its declaration states. All digests follow from this.
public enum ConfigEffect: Hashable, Sendable {
    /// The computation: the steps of training, the samples of a dataset.
    case result
    /// Only the random numbers of the computation.
    case chance
    /// The length of the computation: the number of steps, not their results.
    case length
    /// What is measured and recorded of the result.
    case measurement
    /// None of these: names, and how often something is saved or shown.
    case nothing
}

/// What a decoder declares about a key that it read.
struct ConfigDeclaration: Sendable {
    enum Standard: Sendable {
        /// The key has no default.
        case none
        /// The value is the default.
        case taken
        /// The key is given, or its default was another one in earlier versions; the associated value is the default,
        /// or the earlier one.
        indirect case value(ConfigNode)
    }

    var affects = ConfigEffect.result
    var standard = Standard.none
}

extension ConfigNode {
    /// The values of a resolved config that have one of the effects, without those equal to their defaults. Therefore
    /// a config that was resolved before a key existed has the same identity as one that states the key's default.
    ///
    /// A section that is left out takes its keys with it. Keys without a stated effect affect the result, and so do
    /// keys of nodes that no decoder resolved.
    public func identity(of effects: Set<ConfigEffect>) -> ConfigNode {
        switch content {
        case .object(let object):
            var kept = ConfigObject()
            for member in object.members where effects.contains(member.declaration.affects) {
                if case .taken = member.declaration.standard { continue }
                let value = member.value.identity(of: effects)
                if case .value(let standard) = member.declaration.standard,
                    standard.identity(of: effects).canonicalText == value.canonicalText
                {
                    continue
                }
                kept.set(member.key, value, keySource: member.keySource)
            }
            return ConfigNode(.object(kept), source: source)
        case .array(let elements):
            return ConfigNode(.array(elements.map { $0.identity(of: effects) }), source: source)
        default: return self
        }
    }
}

extension ConfigReader {
    /// The keys of a section that have one of the effects, in the order read, without those of sections within it.
    public static func keys<Section: ConfigDecodable>(
        of type: Section.Type, affecting effects: Set<ConfigEffect>
    ) -> [String] {
        let reader = ConfigReader(describing: SchemaContext(isPartial: false))
        _ = try? type.init(from: reader)
        return reader.properties.filter { effects.contains($0.affects) }.map(\.key)
    }
}
