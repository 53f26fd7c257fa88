import AgonRuns
import AgonTensors
import Foundation
import SwiftProtobuf

/// An ONNX model under construction: named nodes, constants, inputs and outputs.
///
/// ONNX: https://github.com/onnx/onnx/blob/main/docs/IR.md and Operators.md. The first extent of inputs and outputs is
/// `batch`, any number.
struct OnnxModel {
    /// The set of operators, of 2021, that runtimes have supported for years; and the version of the format.
    private static let operatorSet: Int64 = 13
    private static let formatVersion: Int64 = 7

    private var graph = Onnx_GraphProto()
    private var metadata: [(key: String, value: String)] = []
    private var count = 0

    init(name: String) { graph.name = name }

    /// An attribute of a node.
    enum Attribute {
        case float(Float)
        case int(Int)
        case ints([Int])
        case string(String)
    }

    /// A name that no value has yet.
    private mutating func newName(_ stem: String) -> String {
        count += 1
        return "\(stem)_\(count)"
    }

    /// Appends a node with one output.
    ///
    /// - Returns: the name of the output.
    mutating func add(
        _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], output: String? = nil,
        origin: String = ""
    ) -> String {
        var node = Onnx_NodeProto()
        let output = output ?? newName(operation)
        node.opType = operation
        node.name = output
        node.input = inputs
        node.output = [output]
        node.docString = origin
        node.attribute = attributes.map { name, value in
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            switch value {
            case .float(let number): (attribute.type, attribute.f) = (.float, number)
            case .int(let number): (attribute.type, attribute.i) = (.int, Int64(number))
            case .ints(let numbers): (attribute.type, attribute.ints) = (.ints, numbers.map { Int64($0) })
            case .string(let text): (attribute.type, attribute.s) = (.string, Data(text.utf8))
            }
            return attribute
        }
        graph.node.append(node)
        return output
    }

    /// A constant tensor, `[]` for a scalar.
    mutating func constant(_ tensor: Tensor) -> String {
        var message = Onnx_TensorProto()
        message.name = newName("constant")
        message.dims = tensor.shape.dimensions.map { Int64($0) }
        message.dataType = Int32(Onnx_TensorProto.DataType.float.rawValue)
        message.rawData = tensor.values.withUnsafeBytes { Data($0) }
        graph.initializer.append(message)
        return message.name
    }

    mutating func constant(_ value: Float) -> String { constant(Tensor(shape: [], values: [value])) }

    /// A constant vector of whole numbers, such as a shape.
    mutating func constant(_ values: [Int]) -> String {
        var message = Onnx_TensorProto()
        message.name = newName("shape")
        message.dims = [Int64(values.count)]
        message.dataType = Int32(Onnx_TensorProto.DataType.int64.rawValue)
        message.rawData = values.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) }
        graph.initializer.append(message)
        return message.name
    }

    /// An input `[batch] + shape` of single-precision numbers.
    mutating func input(_ name: String, shape: [Int]) { graph.input.append(Self.value(name, shape: shape)) }

    mutating func output(_ name: String, shape: [Int]) { graph.output.append(Self.value(name, shape: shape)) }

    mutating func note(_ key: String, _ value: String) { metadata.append((key, value)) }

    private static func value(_ name: String, shape: [Int]) -> Onnx_ValueInfoProto {
        var tensor = Onnx_TypeProto.Tensor()
        tensor.elemType = Int32(Onnx_TensorProto.DataType.float.rawValue)
        var batch = Onnx_TensorShapeProto.Dimension()
        batch.dimParam = "batch"
        tensor.shape.dim =
            [batch]
            + shape.map { extent in
                var dimension = Onnx_TensorShapeProto.Dimension()
                dimension.dimValue = Int64(extent)
                return dimension
            }
        var info = Onnx_ValueInfoProto()
        info.name = name
        info.type.tensorType = tensor
        return info
    }

    /// The model's file.
    ///
    /// Throws what serialization throws, which does not occur for models below 2 GB.
    func fileBytes() throws -> [UInt8] {
        var model = Onnx_ModelProto()
        model.irVersion = Self.formatVersion
        model.producerName = "Agon"
        model.producerVersion = AgonVersion.current
        var operators = Onnx_OperatorSetIdProto()
        operators.version = Self.operatorSet
        model.opsetImport = [operators]
        model.graph = graph
        model.metadataProps = metadata.map { key, value in
            var entry = Onnx_StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        return try model.serializedBytes()
    }
}
