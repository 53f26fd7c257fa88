import AgonConfiguration
import AgonGraph
import AgonTensors

/// The place where one layer is built. It names and creates the layer's variables and builds nested layers.
public struct LayerSite {
    /// The maximum number of elements of a variable, or of an activation for one sample. Twice its square still fits in
    /// 64 bits, as the operation count of a layer must.
    static let elementLimit = Int(Int32.max)

    let construction: NetworkConstruction
    /// The index of the layer's row in the layer table.
    let row: Int
    public let place: LayerPlace
    /// The prefix of its variables' names, such as `discriminator.3`.
    public let name: String

    /// Creates a variable named `<layer name>.<suffix>`, filled by the initialiser with its own random stream. Within a
    /// frozen sequence a parameter becomes a statistic.
    ///
    /// - Throws: ``LayerError/tooLarge(_:what:extents:)``, or what the initialiser throws.
    public func variable(
        _ suffix: String, extents: [Int], layout: PyTorchLayout = .plain, role: VariableRole = .parameter,
        part: InitializationTarget.Part, fans: (in: Int, out: Int)? = nil, initializer: any Initializer
    ) throws -> Variable {
        let shape = try checked(extents, "its variable '\(suffix)'")
        let role = construction.isFrozen && role == .parameter ? .buffer : role
        let variable = Variable(name: "\(name).\(suffix)", shape: shape, role: role, layout: layout)
        let fans = fans ?? InitializationTarget.fans(of: shape, layout)
        let target = InitializationTarget(
            name: variable.name, place: place, shape: shape, layout: layout, part: part, fanIn: fans.in,
            fanOut: fans.out)
        variable.values = try initializer.values(
            for: target, stream: RandomStream(seed: construction.seed, purpose: "init/\(variable.name)"))
        construction.add(variable, row: row)
        return variable
    }

    /// The shape with these extents, if the number of elements is within the limit.
    ///
    /// - Throws: ``LayerError/tooLarge(_:what:extents:)``.
    public func checked(_ extents: [Int], _ what: String = "its output") throws -> Shape {
        precondition(extents.allSatisfy { $0 > 0 }, "\(place): \(what) has extents \(extents)")
        var count = 1
        for extent in extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= Self.elementLimit else {
                throw LayerError.tooLarge(place, what: what, extents: extents)
            }
            count = product
        }
        return Shape(extents)
    }

    /// A number of channels; taken from the data's images if the config leaves it to them.
    ///
    /// - Throws: ``LayerError/unknownDataChannels(_:)``.
    public func resolved(_ channels: ChannelCount) throws -> Int {
        switch channels {
        case .fixed(let count): return count
        case .data:
            guard let count = construction.dataChannels else { throw LayerError.unknownDataChannels(place) }
            return count
        }
    }

    /// Height, width and channels of an image.
    ///
    /// - Throws: ``LayerError/notImage(_:input:)``.
    public func image(_ input: Shape) throws -> (height: Int, width: Int, channels: Int) {
        guard input.rank == 3 else { throw LayerError.notImage(place, input: input) }
        return (input[0], input[1], input[2])
    }

    /// The length of the vectors in ``NetworkCall/condition``, which the layer will read.
    ///
    /// - Throws: ``LayerError/noCondition(_:)``.
    public func conditionSize() throws -> Int {
        guard let size = construction.conditionSize else { throw LayerError.noCondition(place) }
        construction.readsCondition = true
        return size
    }

    /// The random stream of this layer in a call, such as `discriminator.3/fake`.
    public func stream(in call: NetworkCall) -> String { "\(name)/\(call.name)" }

    /// The initialiser from the layer's own setting, or else from the network's.
    public func initializer(
        _ part: InitializationTarget.Part, override: LayerInitialization
    ) -> any Initializer {
        switch part {
        case .bias, .normBias: override.biases ?? construction.initialization.initializer(part)
        default: override.weights ?? construction.initialization.initializer(part)
        }
    }

    /// Builds a list of layers within this layer. Their paths extend `path` by an index; their names are extended by
    /// `name`, if given, and the index.
    public func build(
        _ layers: [any Layer], input: Shape, at path: ConfigPath, name: String? = nil
    ) throws -> BuiltLayer {
        try construction.build(
            layers, input: input, path: place.path.appending(path),
            name: name.map { "\(self.name).\($0)" } ?? self.name,
            depth: construction.rows[row].depth + 1)
    }
}
