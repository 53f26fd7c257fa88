import AgonConfiguration
import AgonTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A layer's location in the config and its kind: `discriminator.layers[3] (conv)`.
public struct LayerPlace: Hashable, Sendable, CustomStringConvertible {
    /// Such as `discriminator.layers[3]`.
    public let path: ConfigPath
    /// The layer's `"type"`.
    public let type: String

    public init(path: ConfigPath, type: String) {
        self.path = path
        self.type = type
    }

    public var description: String { "\(path) (\(type))" }
}

/// Problems with the shapes and names of a network's layers. Shapes exclude the batch axis.
public enum LayerError: Error, Hashable, Sendable {
    case notImage(LayerPlace, input: Shape)
    case notFeatures(LayerPlace, input: Shape)
    case smallerThanKernel(LayerPlace, input: Shape, kernel: [Int], dilation: [Int], padding: String)
    case emptyOutput(LayerPlace, input: Shape, output: [Int])
    case groupsDoNotDivide(LayerPlace, groups: Int, channels: Int, of: String)
    /// The padding is so wide that a pooling window would contain only padding.
    case paddingOverKernel(LayerPlace, padding: String, kernel: [Int])
    case reflectionTooWide(LayerPlace, input: Shape, padding: String)
    case elementCount(LayerPlace, input: Shape, target: Shape)
    case channelsNotDivisible(LayerPlace, input: Shape, divisor: Int)
    /// The layer halves its input, but the image's height or width is odd.
    case unevenImage(LayerPlace, input: Shape)
    case onePixelNorm(LayerPlace, input: Shape)
    /// The batch has a single value per channel, too few for batch statistics.
    case singleValueNorm(LayerPlace, input: Shape)
    case branchesDiffer(LayerPlace, first: Shape, index: Int, other: Shape)
    case residualDiffers(LayerPlace, layers: Shape, shortcut: Shape, hasShortcut: Bool)
    /// Two layers of a list have the same name.
    case repeatedName(LayerPlace, name: String, first: ConfigPath)
    case unknownSkip(LayerPlace, name: String, nearest: String?, saved: [String])
    case repeatedSkip(LayerPlace, name: String, first: ConfigPath)
    case skipDiffers(LayerPlace, name: String, input: Shape, saved: Shape, isSum: Bool)
    /// A condition layer is in a network that gets no conditions.
    case noCondition(LayerPlace)
    /// A layer takes its channels from the data, but the network is built without data.
    case unknownDataChannels(LayerPlace)
    case conditionDiffers(LayerPlace, input: Shape, features: Int)
    case tooLarge(LayerPlace, what: String, extents: [Int])
    case networkInput(ConfigPath, input: Shape)
    /// The initialiser does not fit the variable.
    case unfitInitializer(LayerPlace, variable: String, initializer: String, shape: Shape)
}

extension LayerError {
    /// The part of a config that the error is about.
    public var place: ConfigPath {
        switch self {
        case .notImage(let place, _), .notFeatures(let place, _), .smallerThanKernel(let place, _, _, _, _),
            .emptyOutput(let place, _, _), .groupsDoNotDivide(let place, _, _, _), .paddingOverKernel(let place, _, _),
            .reflectionTooWide(let place, _, _), .elementCount(let place, _, _), .channelsNotDivisible(let place, _, _),
            .unevenImage(let place, _),
            .onePixelNorm(let place, _), .singleValueNorm(let place, _), .branchesDiffer(let place, _, _, _),
            .residualDiffers(let place, _, _, _), .repeatedName(let place, _, _), .unknownSkip(let place, _, _, _),
            .repeatedSkip(let place, _, _), .skipDiffers(let place, _, _, _, _), .noCondition(let place),
            .unknownDataChannels(let place), .conditionDiffers(let place, _, _), .tooLarge(let place, _, _),
            .unfitInitializer(let place, _, _, _):
            place.path
        case .networkInput(let path, _): path
        }
    }
}

extension LayerError: CustomStringConvertible, LocalizedError {
    public var errorDescription: String? { description }

    public var description: String {
        switch self {
        case .notImage(let place, let input):
            "\(place): input \(input) is not an image [height, width, channels]; put a reshape before it"
        case .notFeatures(let place, let input):
            "\(place): input \(input) is not a list of features; put a flatten or globalAveragePool before it"
        case .smallerThanKernel(let place, let input, let kernel, let dilation, let padding):
            "\(place): input \(input) is smaller than the kernel \(Self.size(kernel))"
                + (dilation.allSatisfy { $0 == 1 } ? "" : " dilated by \(Self.size(dilation))")
                + " with padding \(padding)"
        case .emptyOutput(let place, let input, let output):
            "\(place): input \(input) would give an output of \(Self.size(output)) pixels; "
                + "use less padding or a larger kernel"
        case .groupsDoNotDivide(let place, let groups, let channels, let role):
            "\(place): \(groups) groups do not divide the \(channels) \(role) channels"
        case .paddingOverKernel(let place, let padding, let kernel):
            "\(place): padding \(padding) makes windows that contain only padding; "
                + "each side must be less than the kernel \(Self.size(kernel))"
        case .reflectionTooWide(let place, let input, let padding):
            "\(place): input \(input) cannot be reflected by \(padding); each side must be less than the image"
        case .elementCount(let place, let input, let target):
            "\(place): input \(input) has \(input.count) elements, but the shape \(target) has \(target.count)"
        case .channelsNotDivisible(let place, let input, let divisor):
            "\(place): the \(input[-1]) channels of input \(input) are not divisible by \(divisor)"
        case .unevenImage(let place, let input):
            "\(place): input \(input) cannot be halved; height and width must be even"
        case .onePixelNorm(let place, let input):
            "\(place): input \(input) has one pixel per channel, which normalization reduces to zero; "
                + "remove the norm here"
        case .singleValueNorm(let place, let input):
            "\(place): input \(input) gives one value per channel, too few for batch statistics; use a larger batch"
        case .branchesDiffer(let place, let first, let index, let other):
            "\(place): branches[0] gives \(first) and branches[\(index)] \(other); they may differ only in channels"
        case .residualDiffers(let place, let layers, let shortcut, let hasShortcut):
            "\(place): the layers give \(layers), the \(hasShortcut ? "shortcut" : "input is") \(shortcut); "
                + (hasShortcut ? "the two must be equal" : "a shortcut, such as a conv with kernel 1, must adapt it")
        case .repeatedName(let place, let name, let first):
            "\(place): \(first) already has the name '\(name)'; use another name"
        case .unknownSkip(let place, let name, let nearest, let saved):
            "\(place): nothing is saved as '\(name)' before it."
                + (nearest.map { " Did you mean '\($0)'?" } ?? "")
                + (saved.isEmpty ? " A save layer must come first" : " Saved: \(saved.joined(separator: ", "))")
        case .repeatedSkip(let place, let name, let first):
            "\(place): '\(name)' is already saved by \(first); use another name"
        case .skipDiffers(let place, let name, let input, let saved, let isSum):
            "\(place): input \(input) cannot be joined with '\(name)' \(saved); "
                + (isSum ? "the two must be equal" : "they may differ only in channels")
        case .noCondition(let place):
            "\(place): the network has no condition to read; set task.labels or task.embedding, or remove the layer"
        case .unknownDataChannels(let place):
            "\(place): the channels follow the data, which are unknown here; set \"channels\" to a number, 1 or 3"
        case .conditionDiffers(let place, let input, let features):
            "\(place): a condition of \(features) features does not match the \(input[-1]) channels of input "
                + "\(input); remove \"features\""
        case .tooLarge(let place, let what, let extents):
            "\(place): \(what) of \(extents.map(String.init).joined(separator: " x ")) has more than "
                + "\(LayerSite.elementLimit) elements"
        case .networkInput(let path, let input):
            "\(path): input \(input) is neither features [C] nor an image [height, width, channels] of positive sizes"
        case .unfitInitializer(let place, let variable, let initializer, let shape):
            "\(place): \(initializer) initialization of '\(variable)' needs a matrix or a kernel, not the shape \(shape)"
        }
    }

    private static func size(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: "x") }
}
